"""What the verbs of this app refuse, in words a person may read; pages show them as they are."""

from __future__ import annotations


class ComplaintError(Exception):
    """Something that cannot be done, and why. `field` names the input at fault, "" where it is the whole."""

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.field = field


class BadInput(ComplaintError):
    """Something is missing or does not fit; the sentence says what would be right."""


class NotAllowed(ComplaintError):
    """The user may not do this, or not with this complaint."""


class WrongState(ComplaintError):
    """It does not stand where this can be done: somebody else was quicker, or the page was old."""
