"""Service levels: what holds for a tier and a category, changing one, and what that would do (docs/domain.md, 6)."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Tier
from complaints import clock
from complaints.clock import Clocked, Level, LevelKey, Levels
from complaints.errors import BadInput, NotAllowed, WrongState
from complaints.models import Complaint, ComplaintCategory, ServiceLevel
from complaints.models.catalogues import MOST_MINUTES
from complaints.wording import DAY
from crm.look.figures import number
from crm.team.models import User

TIERS = ("", *Tier.values)
FOR_ALL: LevelKey = ("", None)
AT_ONCE = 1000
"""So many open complaints are reckoned while an admin waits; more of them by the next sweep."""
_UNITS = {
    **dict.fromkeys(("", "m", "min", "mins", "minute", "minutes"), 1),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), 60),
    **dict.fromkeys(("d", "day", "days"), DAY),
}
"""The working minutes of a unit, by the ways in which people write it."""
_PART = re.compile(r"(\d{1,6}(?:[.,]\d{1,2})?)\s*([a-z]*)\.?\s*")


def minutes_in(text: str) -> int:
    """The working minutes that somebody wrote: "90", "90 min", "4 h", "1 h 30", "1,5 h", "2 d", "1 day 4 h".

    A day is a working day of eight hours. Hours and days may have two decimals, after a comma or a point; the result is
    the nearest minute. Raises BadInput for anything else.
    """
    total, smallest, rest = 0, DAY + 1, text.strip().lower()
    while rest or not text.strip():
        part = _PART.match(rest)
        unit = _UNITS.get(part[2]) if part else None
        count = part[1].replace(",", ".") if part else ""
        if part is None or unit is None or unit >= smallest or (unit == 1 and "." in count):
            raise BadInput(_("Write working time, such as 90 min, 1.5 h or 2 d; a day has 8 hours."))
        total, smallest, rest = total + round(Decimal(count) * unit), unit, rest[part.end() :]
    return total


@dataclass(frozen=True)
class Cell:
    """What holds for one tier and category."""

    key: LevelKey
    level: Level
    origin: LevelKey | None
    """Whose level it is; None where none is kept, and the built-in one holds."""

    @property
    def is_own(self) -> bool:
        """Whether it is kept for just this tier and category."""
        return self.key == self.origin


@dataclass(frozen=True)
class Row:
    """The levels of one category, or (None) of every one that has none of its own."""

    category: ComplaintCategory | None
    cells: list[Cell]


def grid() -> list[Row]:
    """All levels: a row for every category, then one for each; in it every tier, then each. Two queries."""
    levels = Levels()

    def row(category: ComplaintCategory | None) -> Row:
        code = category.pk if category else None
        return Row(category, [_cell(levels, (tier, code)) for tier in TIERS])

    return [row(None), *map(row, ComplaintCategory.objects.filter(active=True))]


def cell_of(key: LevelKey) -> Cell:
    """What holds for the tier and category now. One query."""
    return _cell(Levels(), key)


def _cell(levels: Levels, key: LevelKey) -> Cell:
    tier, category = key
    return Cell(key, levels.of(tier=tier, category=category), levels.origin(tier=tier, category=category))


def check(key: LevelKey, level: Level | None) -> None:
    """Raise BadInput, with the field, for what no service level can be. None: taken away."""
    if level is None:
        if key == FOR_ALL:
            raise BadInput(_("The level for all stays: something must hold where no other level does."))
        return
    for name, minutes in (("response", level.response), ("resolution", level.resolution)):
        if minutes < 1:
            raise BadInput(_("At least one minute."), field=name)
        if minutes > MOST_MINUTES:
            most = MOST_MINUTES // DAY
            raise BadInput(
                ngettext("At most %(days)s working day.", "At most %(days)s working days.", most)
                % {"days": number(most)},
                field=name,
            )
    if level.resolution < level.response:
        raise BadInput(_("It cannot be resolved before the first response."), field="resolution")


@transaction.atomic
def set_level(
    *, key: LevelKey, level: Level | None, actor: User, instead_of: Sequence[Level | None] = ()
) -> Level | None:
    """Keep a level for a tier and category, or (None) take it away; gives the one that was kept before, if any.

    instead_of: for an undo, the one level that it takes back; where another is kept by now, WrongState is raised.

    The clocks of the open complaints concerned follow at once, up to AT_ONCE of them; beyond, with the next sweep.
    Raises NotAllowed, and BadInput with the field.
    """
    if not actor.is_admin:
        raise NotAllowed(_("Service levels are for admins."))
    check(key, level)
    tier, category = key
    rows = (
        ServiceLevel.objects.select_for_update().order_by()
    )  # its usual order joins, and no join can be locked
    kept = rows.filter(tier=tier, category=category).first()
    before = Level(kept.response_minutes, kept.resolution_minutes) if kept is not None else None
    if instead_of and before not in instead_of:
        raise WrongState(_("The level was changed again meanwhile: look at it first."))
    if level is None:
        ServiceLevel.objects.filter(tier=tier, category=category).delete()
    else:
        ServiceLevel.objects.update_or_create(
            tier=tier,
            category_id=category,
            defaults={"response_minutes": level.response, "resolution_minutes": level.resolution},
        )
    ids = list(concerned(key)[: AT_ONCE + 1])
    if len(ids) <= AT_ONCE:
        clock.refresh(complaint_ids=ids)
    return before


def concerned(key: LevelKey) -> QuerySet[Complaint, int]:
    """The ids of the open complaints and questions whose level it may be."""
    tier, category = key
    rows = Complaint.objects.open().order_by()
    if tier:
        rows = rows.filter(account__tier=tier)
    if category is not None:
        rows = rows.filter(category=category)
    return rows.values_list("pk", flat=True)


@dataclass(frozen=True)
class Effect:
    """What another level would do to the open complaints: how many are looked at, and how many of them change."""

    looked_at: int
    changed: int
    """So many would have another time."""
    overdue: int
    """Of these, so many would be over their time at once that are not now."""
    relieved: int
    """So many would be over their time no longer."""


def effect_of(*, key: LevelKey, level: Level | None, now: dt.datetime) -> Effect:
    """What it would do if it were kept now. Raises BadInput as `set_level`. Six queries, whatever the number."""
    check(key, level)
    pairs = clock.foresee(complaints=concerned(key), levels=Levels({key: level}))
    return Effect(
        looked_at=len(pairs),
        changed=sum(before.said != after.said for before, after in pairs),
        overdue=sum(not _is_over(before, now) and _is_over(after, now) for before, after in pairs),
        relieved=sum(_is_over(before, now) and not _is_over(after, now) for before, after in pairs),
    )


def _is_over(one: Clocked, now: dt.datetime) -> bool:
    return one.said.due_at is not None and one.said.due_at <= now
