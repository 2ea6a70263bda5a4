"""Keeping a way of looking at a list: how it was left, and named views. Verbs; each says who acts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from crm.lists.builtin import ALL
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


def save_view(
    *, user: User, listing: Listing, name: str, state: Mapping[str, str], shared: bool = False
) -> ListView:
    """A named view of the user's. Raises ValidationError for a name that is missing, too long or taken."""
    view = ListView(user=user, list=listing.slug, name=_clean(name), state=dict(state))
    view.shared = shared and may_share(user)
    _write(view)
    return view


def update_view(*, view: ListView, actor: User, state: Mapping[str, str]) -> ListView:
    """Let the view show what is shown now. Raises PermissionError where the actor may not."""
    _check(view, actor)
    view.state = dict(state)
    view.save(update_fields=["state"])
    return view


def rename_view(*, view: ListView, actor: User, name: str, shared: bool) -> ListView:
    """Give it another name, and share it or not. Raises ValidationError as save_view, PermissionError."""
    _check(view, actor)
    view.name = _clean(name)
    view.shared = shared and may_share(actor)
    _write(view)
    return view


def delete_view(*, view: ListView, actor: User, now: dt.datetime) -> None:
    """Take it away; `restore_view` brings it back. Raises PermissionError."""
    _check(view, actor)
    view.deleted_at = now
    view.save(update_fields=["deleted_at"])


def restore_view(*, view: ListView, actor: User) -> ListView:
    """Bring a deleted view back, as “name 2” where its name was taken meanwhile. Raises PermissionError."""
    _check(view, actor)
    if view.deleted_at is None:
        return view
    taken = {
        name.lower()
        for name in ListView.objects.live()
        .filter(user=view.user_id, list=view.list)
        .values_list("name", flat=True)
    }
    base, number = view.name, 2
    while view.name.lower() in taken:
        view.name = f"{base[:54]} {number}"
        number += 1
    view.deleted_at = None
    _write(view)
    return view


@transaction.atomic
def start_with(*, user: User, listing: Listing, key: str) -> None:
    """Let the list begin with a view, for this user; "" or "all" begins with everything."""
    left, _made = ListView.objects.get_or_create(user=user, list=listing.slug, name="", deleted_at=None)
    left.starts_with = "" if key == ALL else key
    left.save(update_fields=["starts_with"])


def may_share(user: User) -> bool:
    """Managers share with their teams, admins with everybody."""
    return user.is_manager or user.is_admin


def may_change(view: ListView, user: User) -> bool:
    """Who made it; an admin any that is shared."""
    return view.user_id == user.pk or (view.shared and user.is_admin)


def _check(view: ListView, actor: User) -> None:
    if not may_change(view, actor):
        raise PermissionError(f"{actor} may not change the view {view.pk}")


def _clean(name: str) -> str:
    name = " ".join(name.replace("\x00", "").split())
    if not name:
        raise ValidationError({"name": _("Give the view a name.")})
    longest = ListView._meta.get_field("name").max_length or 0
    if len(name) > longest:
        raise ValidationError({"name": _("At most %(number)d letters.") % {"number": longest}})
    return name


def _write(view: ListView) -> None:
    """Save it; the constraint on names says it in words."""
    try:
        with transaction.atomic():
            view.save()
    except IntegrityError:
        taken = ListView.objects.live().filter(user=view.user_id, list=view.list, name__iexact=view.name)
        if not taken.exclude(pk=view.pk).exists():
            raise
        words = _("You have a view “%(name)s” already. Take another name, or update that one.")
        raise ValidationError({"name": words % {"name": view.name}}) from None
