"""Where one contact of an account may stand, and where it stands alone (docs/domain.md, 5.2 and 5.3). Pure.

`share` (merging) says which items a contact has, `level` (levelling) which day each contact of a person gets; here is
what lies between: the day it wants, the days it may have, and the chain that explains its day.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from typing import NamedTuple

from contacts.cadence import Cadence, Reckoned
from contacts.planning.levelling import Place, Weeks
from contacts.planning.merging import Shared
from contacts.planning.stored import Home, Stored, has_step
from contacts.wished import AT_A_TIME, Wished, Wishes, most_personal, wished_day
from crm.team.calendars import ONE_DAY, WorkingCalendar

PATIENCE = 2
"""A cadence is postponed to so many intervals after the last contact at most."""
OVERDUE_DAYS = 6
"""What is overdue when it is first planned has so many days more: a week of its own as its window."""
_FURTHER = "levelled", "postponed", "kept"
_FIRST = -1  # the rank of what is no cadence: it is not put off for one


class Task(NamedTuple):
    """One agenda item as it should stand. cadence and reckoned: None for one of another reason, which stays as is."""

    stored: Stored | None
    """What stands there now; None: nothing."""
    cadence: Cadence | None = None
    reckoned: Reckoned | None = None

    @property
    def minutes(self) -> int:
        """What it takes alone."""
        if self.cadence is not None:
            return self.cadence.minutes
        return self.stored.minutes if self.stored is not None else 0


class Draft(NamedTuple):
    """One contact to be placed."""

    account_id: int
    rank: int
    shared: Shared
    tasks: tuple[Task, ...]
    """In the order of `shared.asks`."""
    channel: str
    minutes: int
    day: dt.date
    """Where it stands where nothing is to be levelled."""
    why: str
    """What made that another than the first working day: see `Wished`; "" where nothing did."""
    home: Home | None
    """The follow-up that it goes on with; None: a new one."""
    keeps: bool
    """Whether it may keep the day of that follow-up."""
    wishes: Wishes | None

    @property
    def is_cadence(self) -> bool:
        """Whether nothing else than cadences asks for it."""
        return all(task.cadence is not None for task in self.tasks)


def day_of_other(stored: Stored, calendar: WorkingCalendar, today: dt.date) -> dt.date:
    """The day of an item that is no cadence: a working day inside its window, up to which it must be done.

    The first one on or after its due day; where that lies behind the window the last one inside; else the next.
    """
    day = calendar.covered(max(stored.due, today), stored.latest)
    if day <= stored.latest:
        return day
    inside = calendar.between(max(stored.earliest, today), stored.latest)
    return inside[-1] if inside else day


def draft(
    account_id: int,
    shared: Shared,
    tasks: Sequence[Task],
    *,
    rank: int,
    homes: Sequence[Home],
    wishes: Wishes | None,
    taken: Sequence[dt.date],
    calendar: WorkingCalendar,
    today: dt.date,
) -> Draft:
    """One contact with its items, the follow-up it goes on with, and the day it wants.

    homes: untouched follow-ups of its items, the lead's first. taken: the days of our contacts there, and of those
    already planned, where they want no more than so many.
    """
    lead = shared.lead
    day, why = lead.day, ""
    channel = most_personal(ask.channel for ask in shared.asks) if len(shared.asks) > 1 else lead.channel
    if wishes is not None and (wishes.at_most or wishes.restrict_days(channel)):
        wished = wish(shared.earliest, day, shared.latest, channel, wishes, taken, calendar, today)
        if wished is not None:
            day, why = wished
    home, keeps = None, False
    for one in homes:
        may = _may_keep(one, shared, tasks, channel, day, wishes, calendar, today)
        if home is None or (may and not keeps):
            home, keeps = one, may
    minutes = max(task.minutes for task in tasks)
    if home is not None and all(task.cadence is None for task in tasks):
        minutes = home.minutes
    return Draft(account_id, rank, shared, tuple(tasks), channel, minutes, day, why, home, keeps, wishes)


def wish(
    earliest: dt.date,
    day: dt.date,
    latest: dt.date,
    channel: str,
    wishes: Wishes,
    taken: Sequence[dt.date],
    calendar: WorkingCalendar,
    today: dt.date,
) -> Wished | None:
    """`wished_day` from today on."""
    first = min(max(earliest, today), day)
    return wished_day(
        first=first, wanted=day, latest=latest, channel=channel, wishes=wishes, calendar=calendar, taken=taken
    )


def _may_keep(
    home: Home,
    shared: Shared,
    tasks: Sequence[Task],
    channel: str,
    natural: dt.date,
    wishes: Wishes | None,
    calendar: WorkingCalendar,
    today: dt.date,
) -> bool:
    """Whether the contact may keep the day it has (5.3: a day once given is kept while it stays admissible)."""
    day = home.day
    if day < today:
        return day >= shared.lead.earliest  # it is overdue, and stays so
    if day == natural:
        return True
    if day < shared.earliest:
        return False
    if not calendar.is_working(day):
        return day in calendar.served and day <= shared.latest and calendar.covered(day, shared.latest) == day
    if wishes is not None and (wishes.at_most or not wishes.suits(day, channel)):
        return False
    if day <= shared.latest or all(task.cadence is None for task in tasks):
        return True  # where no cadence has a part in it, whoever asked for it has chosen its day
    # Levelling put it behind its window; all that it serves was in it then, and is due as it was.
    return has_step(home.placing, *_FURTHER) and all(
        task.stored is not None
        and task.stored.follow_up_id == home.follow_up_id
        and task.stored.due == ask.due
        for task, ask in zip(tasks, shared.asks, strict=True)
    )


def _leads_still(lead: Task, shared: Shared) -> bool:
    return lead.stored is not None and lead.stored.due == shared.lead.due


def place(draft: Draft, weeks: Weeks, today: dt.date) -> Place:
    """The draft as levelling sees it."""
    if draft.home is None and draft.wishes is None and len(draft.tasks) == 1:
        reckoned = draft.tasks[0].reckoned
        if reckoned is not None:
            return _place_alone(draft, reckoned, weeks, today)
    shared, wanted = draft.shared, weeks.number(draft.day)
    current = weeks.number(draft.home.day) if draft.keeps and draft.home is not None else None
    first = min(max(weeks.number(shared.earliest), weeks.today), wanted)
    last, limit, rank = max(weeks.number(shared.latest), wanted), wanted, draft.rank
    if draft.is_cadence:
        limit = weeks.number(min(map(_patience, draft.tasks)))
        if shared.lead.due < today and shared.latest <= draft.day:
            last = wanted + OVERDUE_DAYS
    else:
        rank = _FIRST
    suits = None
    wishes = draft.wishes
    if not weeks.is_worked(wanted) or (wishes is not None and wishes.at_most):
        first = last = limit = wanted  # a substitute serves, or it stands as near to others as it may
    elif wishes is not None and wishes.restrict_days(draft.channel):
        days = range(first, max(last, limit) + 1)
        suits = frozenset(n for n in days if wishes.suits(weeks.day(n), draft.channel))
    due = weeks.number(shared.lead.due)
    return Place(rank, due, first, last, wanted, limit, draft.minutes, current, suits)


def _place_alone(draft: Draft, reckoned: Reckoned, weeks: Weeks, today: dt.date) -> Place:
    """`place` for one cadence that has no day yet: the usual case of a first pass, made quickly."""
    start = weeks.start
    wanted, due = draft.day.toordinal() - start, reckoned.due.toordinal() - start
    if not weeks.is_worked(wanted):
        return Place(draft.rank, due, wanted, wanted, wanted, wanted, draft.minutes)
    first, last = reckoned.earliest.toordinal() - start, reckoned.latest.toordinal() - start
    if last <= wanted:
        last = wanted + OVERDUE_DAYS if due < weeks.today else wanted
    limit = reckoned.counted_from.toordinal() + PATIENCE * reckoned.interval_days - start
    first = min(first if first > weeks.today else weeks.today, wanted)
    return Place(draft.rank, due, first, last, wanted, limit, draft.minutes)


def _patience(task: Task) -> dt.date:
    """The last day to which levelling may postpone a cadence."""
    assert task.reckoned is not None
    return task.reckoned.counted_from + PATIENCE * task.reckoned.interval_days * ONE_DAY


def time_on(draft: Draft, day: dt.date) -> dt.time | None:
    """The time of the slot that the customer wants, where the day is one of its days."""
    slot = draft.wishes.slot if draft.wishes is not None else None
    if slot is None or draft.channel not in AT_A_TIME or not slot.holds(day):
        return None
    return slot.time


def explained(draft: Draft, day: dt.date, today: dt.date) -> str | None:
    """How `day` came from the due day of the leading item, as JSON as PostgreSQL writes it; None: nothing to say.

    What is said of a day once given stays, while the day does.
    """
    home = draft.home
    stays = home is not None and draft.keeps and home.day == day
    if home is not None and stays:
        # The day that something overdue would get moves on with today, until it is the one it has.
        other = day != draft.day or draft.shared.lead.due < today
        if day < today or (other and _leads_still(draft.tasks[0], draft.shared)):
            return home.placing
    steps = [_step(draft.day, draft.why)] if draft.why else []
    if day != draft.day:
        if stays:
            steps.append(_step(day, "kept"))
        else:
            last = draft.shared.latest
            if draft.shared.lead.due < today:
                last = max(last, draft.day + OVERDUE_DAYS * ONE_DAY)
            step = "levelled" if day <= last else "postponed"
            steps.append(f'{{"day": "{day}", "from": "{draft.day}", "step": "{step}"}}')
    return f"[{', '.join(steps)}]" if steps else None


def _step(day: dt.date, step: str) -> str:
    return f'{{"day": "{day}", "step": "{step}"}}'


def same_json(one: str | None, other: str | None) -> bool:
    """Whether two texts are the same JSON: SQLite keeps the order of keys as it was written."""
    return one == other or (one is not None and other is not None and json.loads(one) == json.loads(other))
