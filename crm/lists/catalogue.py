"""What catalogues share whose order and names an admin maintains: reasons, categories, causes."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from itertools import count
from typing import Any, Protocol

from django.utils.text import slugify
from django.utils.translation import gettext as _


class Listed(Protocol):
    """One row of a catalogue; as text it is its name in the reader's language."""

    name: str
    position: int
    active: bool


def one_line(name: str) -> str:
    """The name without blanks around and twice inside."""
    return " ".join(name.split())


def problem_with(name: str, *, others: Iterable[Listed], longest: int) -> str:
    """Why no row can be called so, in words; "" where it can. name: of one line. others: all other rows."""
    if not name:
        return _("Give it a name, in a few words.")
    if len(name) > longest:
        return _("At most %(most)d letters, so that it fits on a button; these are %(number)d.") % {
            "most": longest,
            "number": len(name),
        }
    for other in others:
        if name.casefold() in (other.name.casefold(), str(other).casefold()):
            words = (
                _("There is “%(name)s” already.")
                if other.active
                else _("There is “%(name)s” already, out of use: put it in use again instead.")
            )
            return words % {"name": other}
    return ""


def free_code(name: str, *, taken: Collection[str], longest: int, otherwise: str) -> str:
    """A code that no row has, from the name; from `otherwise` where it has no letter for one.

    "new" is an address of its own.
    """
    base = slugify(name).replace("-", "_")[:longest].strip("_") or otherwise
    if base == "new" or base in taken:
        base = next(code for number in count(2) if (code := f"{base[: longest - 4]}_{number}") not in taken)
    return base


def number_in_order(order: Iterable[Any]) -> None:
    """Give rows of one model the positions 1, 2, 3 in this order; one statement for those that change."""
    changed = []
    for place, one in enumerate(order, 1):
        if one.position != place:
            one.position = place
            changed.append(one)
    if changed:
        type(changed[0]).objects.bulk_update(changed, ["position"])


def moved(order: Iterable[Any], one: Any, *, to: int) -> list[Any]:
    """The order with one row at the place `to`: 1 is first; beyond the ends: first or last."""
    left = [other for other in order if other.pk != one.pk]
    left.insert(max(0, to - 1), one)
    return left
