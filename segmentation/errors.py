"""What the verbs of this app refuse, in words a person may read; views and commands show them as they are."""

from __future__ import annotations


class SegmentationError(Exception):
    """Something that cannot be done, and why. `str()` is a sentence in the reader's language."""


class TieringRefused(SegmentationError):
    """A run that must not be made: its day has not ended, or a newer run exists."""


class PolicyError(SegmentationError):
    """Thresholds that make no policy. `field` names the threshold at fault, "" where it is the whole."""

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.field = field


class NotAllowed(SegmentationError):
    """The user sees the account but may not decide on its tier (docs/domain.md, 4.4)."""


class ReasonMissing(SegmentationError):
    """A decision without a reason, or "other" without a note. `field` is the one to fill."""

    def __init__(self, message: str, *, field: str = "reason") -> None:
        super().__init__(message)
        self.field = field


class AlreadyDecided(SegmentationError):
    """Somebody else, or the end of the review, was quicker; the sentence says who and how."""


class Overtaken(SegmentationError):
    """The account no longer has the tier that the proposal starts from, or is pinned; the proposal was closed."""


class WrongTier(SegmentationError):
    """An override to the tier that was proposed, or to the one the account has."""


class CannotUndo(SegmentationError):
    """A decision that can no longer be taken back."""


class PinRefused(SegmentationError):
    """A pin that cannot be: it overlaps another, is over already, or has no reason. `field` is the one at fault."""

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.field = field


class ActionRefused(SegmentationError):
    """An action that nobody could do. `field` is the one at fault."""

    def __init__(self, message: str, *, field: str = "action_who") -> None:
        super().__init__(message)
        self.field = field


class CommentRefused(SegmentationError):
    """A comment that cannot be: without words, or on a change that is decided. `field` is the one at fault."""

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.field = field


class ReasonRefused(SegmentationError):
    """A reason that the catalogue cannot have: without a name, or with that of another. `field` is the one at fault."""

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.field = field
