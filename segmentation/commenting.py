"""What a rep of the account says of a proposed tier change, and asks for, before somebody decides it (4.4)."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Tier
from crm.team.models import User
from segmentation.errors import CommentRefused
from segmentation.models import TierChange, TierComment
from segmentation.review import already_decided


@transaction.atomic
def comment(
    *, change: TierChange, author: User, words: str, asked_tier: str | None, now: dt.datetime
) -> TierComment:
    """Write one. asked_tier: the tier the author asks for instead of the one proposed, None for none.

    The caller has found the account through `visible_to`. The same words of the same author once more are not written
    again. Raises CommentRefused where the change is decided, without words, and for a tier nobody need ask for.
    """
    change = TierChange.objects.select_for_update(no_key=True).get(pk=change.pk)
    if change.state != TierChange.State.PROPOSED:
        raise CommentRefused(already_decided(change))
    words = words.strip()
    if not words:
        raise CommentRefused(_("Say what you know."), field="words")
    if asked_tier is not None and asked_tier not in Tier.values:
        raise CommentRefused(_("Choose A, B or C."), field="asked_tier")
    if asked_tier is not None and asked_tier == change.to_tier:
        raise CommentRefused(_("%(tier)s is what is proposed.") % {"tier": asked_tier}, field="asked_tier")
    found, _made = TierComment.objects.get_or_create(
        change=change, author=author, words=words, asked_tier=asked_tier, defaults={"created_at": now}
    )
    return found
