"""Keeping a way of looking at a list: how it was left, and named views. Verbs."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction

from crm.lists.listing import Listing
from crm.lists.models import ListView
from crm.team.models import User


@transaction.atomic
def leave(*, user: User, listing: Listing, left: ListView | None, state: Mapping[str, str]) -> ListView:
    """Write down how the user left the list. `left`: the row of last time, None for the first."""
    if left is None:
        # Two windows opened at once meet in the constraint: the row of the first is the row of both.
        left, made = ListView.objects.get_or_create(
            user=user, list=listing.slug, name="", deleted_at=None, defaults={"state": dict(state)}
        )
        if made:
            return left
    left.state = dict(state)
    left.save(update_fields=["state"])
    return left
