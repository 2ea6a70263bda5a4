"""What customers ask of our contacts: written down, cleared, put into words, and held against a choice (5.2).

A wish wins over every rule, but never over a person who writes something else: whoever plans by hand is warned.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.dates import WEEKDAYS, WEEKDAYS_ABBR
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.models import Account, Channel, ContactPerson
from accounts.querysets import AccountQuerySet, may_edit
from contacts.models import ContactWish
from contacts.planning import plan
from crm.team.calendars import ONE_DAY
from crm.team.models import User

CHANNELS = tuple(channel for channel in Channel if channel != Channel.BROADCAST)
"""What a wish speaks of. Whether somebody gets what goes to many is a matter of consent."""
FIELDS = (
    "preferred_channels",
    "forbidden_channels",
    "weekdays",
    "from_time",
    "until_time",
    "slot_week",
    "slot_weekday",
    "slot_time",
    "at_most",
    "per_days",
    "note",
)
"""The attributes of ContactWish that say what is asked for."""
LONGEST_PERIOD = 366
"""Days in which contacts may be limited to a number."""
EVERY_WEEK, LAST_WEEK = 0, -1
WRITTEN = frozenset({Channel.EMAIL, Channel.LETTER, Channel.MATERIAL})
"""Read when they like: a fixed time means nothing to these."""

PREFERRED: dict[str, str | Promise] = {
    Channel.VISIT: gettext_lazy("visit"),
    Channel.VIDEO: gettext_lazy("video call"),
    Channel.PHONE: gettext_lazy("phone"),
    Channel.EMAIL: gettext_lazy("e-mail"),
    Channel.LETTER: gettext_lazy("letter"),
    Channel.EVENT: gettext_lazy("event"),
    Channel.MATERIAL: gettext_lazy("material"),
}
NEVER: dict[str, str | Promise] = {
    Channel.VISIT: gettext_lazy("never a visit"),
    Channel.VIDEO: gettext_lazy("never a video call"),
    Channel.PHONE: gettext_lazy("never by phone"),
    Channel.EMAIL: gettext_lazy("never by e-mail"),
    Channel.LETTER: gettext_lazy("never a letter"),
    Channel.EVENT: gettext_lazy("never an event"),
    Channel.MATERIAL: gettext_lazy("never material"),
}
# Translators: %(weekday)s is the full name of a day
SLOTS: dict[int, str | Promise] = {
    EVERY_WEEK: gettext_lazy("every %(weekday)s"),
    1: gettext_lazy("first %(weekday)s of the month"),
    2: gettext_lazy("second %(weekday)s of the month"),
    3: gettext_lazy("third %(weekday)s of the month"),
    4: gettext_lazy("fourth %(weekday)s of the month"),
    LAST_WEEK: gettext_lazy("last %(weekday)s of the month"),
}


# Who may write ------------------------------------------------------------------------------------------------------
def writable_by(user: User, *, on: dt.date) -> AccountQuerySet:
    """The accounts whose wishes the user may write: those one may change; for service agents, whom customers tell
    what they want, all that they see."""
    accounts = Account.objects.all()
    if user.is_agent:
        return accounts.visible_to(user, on=on).filter(merged_into__isnull=True)
    return accounts.editable_by(user, on=on)


def may_write(user: User, account: Account, *, on: dt.date) -> bool:
    """`writable_by` for an account that was found through `visible_to`. No query."""
    return may_edit(user, account, on=on) or (user.is_agent and account.merged_into_id is None)


# Verbs --------------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Written:
    """What a verb did. version: what `undo_wish` takes back, None where nothing was different."""

    wish: ContactWish | None
    version: int | None


def write_wish(
    *,
    account: Account,
    person: ContactPerson | None,
    values: Mapping[str, Any],
    actor: User,
    today: dt.date,
    now: dt.datetime,
) -> Written:
    """Write down what the account, or one person there, asks of our contacts; what stood there before is replaced.

    values: by the names in FIELDS; what is left out or empty asks for nothing, and where all is empty the wish is
    cleared. Raises ValidationError, by field, for what nobody could keep to. The caller has found the account through
    `writable_by`. Planning follows.
    """
    if person is not None and person.account_id != account.pk:
        raise ValidationError(_("Pick a person of this account."))
    asked = ContactWish(account=account, person=person, **values)
    if is_empty(asked):
        return clear_wish(account=account, person=person, actor=actor, today=today, now=now)
    if found := problems(asked):
        raise ValidationError(dict(found))
    with transaction.atomic():
        wish = _locked(account, person) or ContactWish(account=account, person=person)
        if wish.pk is not None and _values(wish) == _values(asked):
            return Written(wish, None)
        version = _save(wish, _values(asked), actor=actor, now=now)
    plan(today=today, now=now, account_ids=[account.pk])
    return Written(wish, version)


def clear_wish(
    *,
    account: Account,
    person: ContactPerson | None,
    actor: User,
    today: dt.date,
    now: dt.datetime,
) -> Written:
    """They ask for nothing any more. Planning follows."""
    with transaction.atomic():
        wish = _locked(account, person)
        if wish is None:
            return Written(None, None)
        version = _delete(wish, actor=actor, now=now)
    plan(today=today, now=now, account_ids=[account.pk])
    return Written(None, version)


def undo_wish(*, account: Account, version: int, actor: User, today: dt.date, now: dt.datetime) -> bool:
    """Bring back what stood before `version`; False, and nothing written, where somebody wrote since."""
    with transaction.atomic():
        row = ContactWish.history.filter(account_id=account.pk, history_id=version).first()
        if row is None:
            return False
        person = ContactPerson.objects.filter(pk=row.person_id).first() if row.person_id else None
        if row.person_id and person is None:
            return False
        wish = _locked(account, person)
        rows = ContactWish.history.filter(account_id=account.pk, person_id=row.person_id)
        newest, *earlier = rows.order_by("-history_id")[:2]
        if newest.history_id != version:
            return False
        before = earlier[0] if earlier and earlier[0].history_type != "-" else None
        if before is not None:
            wish = wish or ContactWish(account=account, person=person)
            _save(wish, _values(before), actor=actor, now=now)
        elif wish is not None:
            _delete(wish, actor=actor, now=now)
    plan(today=today, now=now, account_ids=[account.pk])
    return True


def _locked(account: Account, person: ContactPerson | None) -> ContactWish | None:
    """The wish as it is now, nobody else writing one of this account."""
    Account.objects.select_for_update(no_key=True).only("pk").get(pk=account.pk)
    return ContactWish.objects.filter(account=account, person=person).first()


def _values(wish: Any) -> dict[str, Any]:
    return {name: getattr(wish, name) for name in FIELDS}


def _save(wish: ContactWish, values: Mapping[str, Any], *, actor: User, now: dt.datetime) -> int:
    for name, value in values.items():
        setattr(wish, name, value)
    wish.written_by, wish.written_at = actor, now
    wish._history_user, wish._history_date = actor, now  # type: ignore[attr-defined]  # read by simple_history
    wish.save()
    return _version(wish)


def _delete(wish: ContactWish, *, actor: User, now: dt.datetime) -> int:
    wish._history_user, wish._history_date = actor, now  # type: ignore[attr-defined]
    account_id, person_id = wish.account_id, wish.person_id
    wish.delete()
    return _version(ContactWish(account_id=account_id, person_id=person_id))


def _version(wish: ContactWish) -> int:
    rows = ContactWish.history.filter(account_id=wish.account_id, person_id=wish.person_id)
    newest: int = rows.order_by("-history_id").values_list("history_id", flat=True)[0]
    return newest


# Rules --------------------------------------------------------------------------------------------------------------
def is_empty(wish: ContactWish) -> bool:
    """Whether it asks for nothing at all."""
    return all(value in (None, "", []) for value in _values(wish).values())


def problems(wish: ContactWish) -> dict[str, str]:
    """By field, in words, what nobody could keep to. Pure. The constraints of ContactWish hold for all the rest."""
    found: dict[str, str] = {}
    both = [channel for channel in wish.preferred_channels if channel in wish.forbidden_channels]
    if both:
        found["forbidden_channels"] = _("%(channel)s cannot be both preferred and not wanted.") % {
            "channel": Channel(both[0]).label
        }
    elif set(wish.forbidden_channels) >= set(CHANNELS):
        found["forbidden_channels"] = _(
            "Then nobody could contact them at all. Leave one channel, or let the account go."
        )
    if wish.from_time and wish.until_time and wish.from_time >= wish.until_time:
        found["until_time"] = _("The hours must end after they begin.")
    found |= _slot_problems(wish)
    if wish.at_most is None and wish.per_days is not None:
        found["at_most"] = _("How many contacts in that time?")
    elif wish.at_most is not None and wish.at_most < 1:
        found["at_most"] = _("Give 1 contact or more. Whoever wants none at all is let go.")
    if wish.at_most is not None and wish.per_days is None:
        found["per_days"] = _("In how many days?")
    elif wish.per_days is not None and not 1 <= wish.per_days <= LONGEST_PERIOD:
        found["per_days"] = _("Give 1 to 366 days.")
    return found


def _slot_problems(wish: ContactWish) -> dict[str, str]:
    if wish.slot_weekday is None:
        if wish.slot_week is not None or wish.slot_time is not None:
            return {"slot_weekday": _("On which day of the week?")}
        return {}
    if wish.slot_week is None:
        return {"slot_week": _("Every week, or which one of the month?")}
    if wish.weekdays and str(wish.slot_weekday) not in wish.weekdays:
        day = WEEKDAYS[wish.slot_weekday - 1]
        return {"slot_weekday": _("%(day)s is not among the days they can be contacted on.") % {"day": day}}
    if wish.slot_time is not None:
        early = wish.from_time is not None and wish.slot_time < wish.from_time
        late = wish.until_time is not None and wish.slot_time >= wish.until_time
        if early or late:
            return {"slot_time": _("That is outside the hours below.")}
    return {}


def is_slot_day(day: dt.date, week: int, weekday: int) -> bool:
    """Whether the day is the slot's: the weekday (ISO), every one, the nth of its month, or the last."""
    if day.isoweekday() != weekday:
        return False
    if week == LAST_WEEK:
        return (day + 7 * ONE_DAY).month != day.month
    return week in (EVERY_WEEK, (day.day - 1) // 7 + 1)


# Words --------------------------------------------------------------------------------------------------------------
def sentence(wish: ContactWish) -> str:
    """The wish in words, without a stop: "Phone or e-mail, never a visit; first Tuesday of the month at 10:00"."""
    channels = ", ".join(
        part
        for part in (_preferred(wish), *(str(NEVER[one]) for one in _known(wish.forbidden_channels)))
        if part
    )
    parts = [channels, _slot(wish), _days_and_hours(wish), _most(wish)]
    if wish.note:
        # Translators: what a customer said about contacts, in the customer's own words
        parts.append(_("“%(note)s”") % {"note": wish.note})
    return str(capfirst("; ".join(part for part in parts if part)))


def _known(channels: Sequence[str]) -> list[str]:
    """In the order of CHANNELS; one that this version does not know is left out."""
    return [channel for channel in CHANNELS if channel in channels]


def _preferred(wish: ContactWish) -> str:
    words = [str(PREFERRED[channel]) for channel in _known(wish.preferred_channels)]
    if len(words) < 2:
        return "".join(words)
    # Translators: first is for example "phone, letter", last "e-mail"
    return _("%(first)s or %(last)s") % {"first": ", ".join(words[:-1]), "last": words[-1]}


def _slot(wish: ContactWish) -> str:
    if wish.slot_week is None or wish.slot_weekday is None:
        return ""
    day = str(SLOTS[wish.slot_week]) % {"weekday": WEEKDAYS[wish.slot_weekday - 1]}
    if wish.slot_time is None:
        return day
    # Translators: day is for example "first Tuesday of the month"
    return _("%(day)s at %(time)s") % {"day": day, "time": hour(wish.slot_time)}


def _days_and_hours(wish: ContactWish) -> str:
    return " ".join(part for part in (weekday_words(wish.weekdays), _hours(wish)) if part)


def weekday_words(digits: str) -> str:
    """ "Mon to Thu", "Mon, Wed, Fri" from ISO digits; "" for any day."""
    days = sorted({int(digit) for digit in digits if digit in "1234567"})
    if len(days) in (0, 7):
        return ""
    short = [str(WEEKDAYS_ABBR[day - 1]) for day in days]
    if len(days) > 2 and days[-1] - days[0] == len(days) - 1:
        # Translators: days of the week: "Mon to Thu"
        return _("%(first)s to %(last)s") % {"first": short[0], "last": short[-1]}
    return ", ".join(short)


def _hours(wish: ContactWish) -> str:
    first, last = wish.from_time, wish.until_time
    if first is not None and last is not None:
        return _("between %(from)s and %(until)s") % {"from": hour(first), "until": hour(last)}
    if first is not None:
        return _("from %(time)s on") % {"time": hour(first)}
    return _("until %(time)s") % {"time": hour(last)} if last is not None else ""


def _most(wish: ContactWish) -> str:
    if wish.at_most is None or wish.per_days is None:
        return ""
    contacts = ngettext("at most %(number)d contact", "at most %(number)d contacts", wish.at_most) % {
        "number": wish.at_most
    }
    # Translators: contacts is for example "at most 2 contacts"
    return ngettext("%(contacts)s in %(days)d day", "%(contacts)s in %(days)d days", wish.per_days) % {
        "contacts": contacts,
        "days": wish.per_days,
    }


def hour(time: dt.time) -> str:
    """ "9:00"."""
    return f"{time.hour}:{time:%M}"


# Held against what somebody chooses ---------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Caution:
    """One thing that a choice may go against, in words; forms carry it to static/js/wishes.js.

    value, by kind: "channel": the channel; "days": ISO digits; "hours": "09:00-12:00", either side may be empty;
    "slot": week, weekday and time, "1 2 10:00", the time may be missing.
    """

    kind: str
    value: str
    words: str

    def is_broken(self, *, channel: str, day: dt.date | None, time: dt.time | None) -> bool:
        """Whether a contact on this channel, day (local) and time goes against it; None: nothing chosen yet."""
        match self.kind:
            case "channel":
                return channel == self.value
            case "days":
                return day is not None and str(day.isoweekday()) not in self.value
            case "hours":
                first, _dash, last = self.value.partition("-")
                at = f"{time:%H:%M}" if time is not None else ""
                return bool(at) and not (first <= at and (not last or at < last))
        if channel in WRITTEN:
            return False
        week, weekday, *at_time = self.value.split()
        if day is not None and not is_slot_day(day, int(week), int(weekday)):
            return True
        return time is not None and bool(at_time) and f"{time:%H:%M}" != at_time[0]


def cautions(wishes: Iterable[ContactWish]) -> list[Caution]:
    """What choices are held against. Of account and person both hold; where both name a time, the person's does."""
    in_order = sorted(wishes, key=lambda wish: wish.person_id is not None)
    found: dict[str, tuple[str, str, str]] = {}
    for wish in in_order:
        for channel in _known(wish.forbidden_channels):
            found[f"channel {channel}"] = ("channel", channel, str(NEVER[channel]))
        if days := weekday_words(wish.weekdays):
            found[f"days {wish.weekdays}"] = ("days", wish.weekdays, days)
        if hours := _hours(wish):
            sides = (f"{time:%H:%M}" if time else "" for time in (wish.from_time, wish.until_time))
            found["hours"] = ("hours", "-".join(sides), hours)
        if slot := _slot(wish):
            at = f" {wish.slot_time:%H:%M}" if wish.slot_time else ""
            found["slot"] = ("slot", f"{wish.slot_week} {wish.slot_weekday}{at}", slot)
    return [
        Caution(kind, value, _("Against their wishes: %(wish)s.") % {"wish": words})
        for kind, value, words in found.values()
    ]


def against(
    wishes: Iterable[ContactWish], *, channel: str, day: dt.date | None = None, time: dt.time | None = None
) -> list[str]:
    """In words, what a contact on this channel, day and time goes against."""
    return [one.words for one in cautions(wishes) if one.is_broken(channel=channel, day=day, time=time)]


def wishes_of(account_id: int, person_id: int | None) -> list[ContactWish]:
    """What holds for contacts with the account, and with the person there. One query."""
    rows = ContactWish.objects.filter(account=account_id)
    return [wish for wish in rows if wish.person_id in (None, person_id)]
