"""What customers wish of our contacts: rules and words (docs/domain.md, 5.2)."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import Account
from contacts.models import ContactWish
from contacts.wish_panel import Wishes, from_text
from contacts.wishes import (
    CHANNELS,
    against,
    clear_wish,
    is_slot_day,
    problems,
    sentence,
    undo_wish,
    write_wish,
)
from tests.support.cast import Cast
from tests.support.factories import ContactPersonFactory

NINE, TEN, NOON = dt.time(9), dt.time(10), dt.time(12)


def wish(**values: Any) -> ContactWish:
    return ContactWish(**values)


FULL = {
    "preferred_channels": ["phone", "email"],
    "forbidden_channels": ["visit"],
    "slot_week": 1,
    "slot_weekday": 2,
    "slot_time": TEN,
    "weekdays": "1234",
    "from_time": NINE,
    "until_time": NOON,
    "at_most": 2,
    "per_days": 30,
}


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (
            FULL,
            "Phone or e-mail, never a visit; first Tuesday of the month at 10:00; "
            "Mon to Thu between 9:00 and 12:00; at most 2 contacts in 30 days",
        ),
        ({"forbidden_channels": ["visit", "email"]}, "Never a visit, never by e-mail"),
        ({"preferred_channels": ["letter", "phone", "video"]}, "Video call, phone or letter"),
        ({"slot_week": 0, "slot_weekday": 5}, "Every Friday"),
        ({"slot_week": -1, "slot_weekday": 5, "slot_time": NINE}, "Last Friday of the month at 9:00"),
        ({"weekdays": "12"}, "Mon, Tue"),
        ({"weekdays": "135", "until_time": NOON}, "Mon, Wed, Fri until 12:00"),
        ({"from_time": NINE, "note": "ask for Ewa"}, "From 9:00 on; “ask for Ewa”"),
        ({"at_most": 1, "per_days": 1}, "At most 1 contact in 1 day"),
    ],
)
def test_a_wish_in_words(values: dict[str, Any], words: str) -> None:
    assert sentence(wish(**values)) == words


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"preferred_channels": ["visit"], "forbidden_channels": ["visit"]}, "forbidden_channels"),
        ({"forbidden_channels": [str(channel) for channel in CHANNELS]}, "forbidden_channels"),
        ({"from_time": NOON, "until_time": NINE}, "until_time"),
        ({"slot_week": 1}, "slot_weekday"),
        ({"slot_weekday": 1}, "slot_week"),
        ({"slot_time": NINE}, "slot_weekday"),
        ({"slot_week": 1, "slot_weekday": 5, "weekdays": "1234"}, "slot_weekday"),
        ({"slot_week": 1, "slot_weekday": 5, "slot_time": NINE, "from_time": TEN}, "slot_time"),
        ({"at_most": 2}, "per_days"),
        ({"per_days": 30}, "at_most"),
        ({"at_most": 0, "per_days": 30}, "at_most"),
        ({"at_most": 2, "per_days": 400}, "per_days"),
    ],
)
def test_what_nobody_could_keep_to_is_refused_by_field(values: dict[str, Any], field: str) -> None:
    assert list(problems(wish(**values))) == [field]


def test_all_that_can_be_kept_to_is_taken() -> None:
    assert problems(wish(**FULL)) == {}


@given(day=st.dates(dt.date(2020, 1, 1), dt.date(2040, 1, 1)), weekday=st.integers(1, 7))
def test_every_month_has_one_first_to_fourth_and_last_slot(day: dt.date, weekday: int) -> None:
    month = [day.replace(day=1) + dt.timedelta(days=n) for n in range(31)]
    month = [one for one in month if one.month == day.month]
    slots = {week: [one for one in month if is_slot_day(one, week, weekday)] for week in (0, 1, 2, 3, 4, -1)}
    assert [len(slots[week]) for week in (1, 2, 3, 4, -1)] == [1, 1, 1, 1, 1]
    assert slots[0][:4] == [slots[week][0] for week in (1, 2, 3, 4)]
    assert slots[0][-1] == slots[-1][0]


@pytest.mark.parametrize(
    ("channel", "day", "time", "broken"),
    [
        ("phone", dt.date(2026, 10, 6), TEN, []),  # the first Tuesday
        ("visit", dt.date(2026, 10, 6), TEN, ["never a visit"]),
        ("phone", dt.date(2026, 10, 6), dt.time(13), ["between 9:00 and 12:00", "first Tuesday"]),
        ("phone", dt.date(2026, 10, 9), None, ["Mon to Thu", "first Tuesday"]),
        ("email", dt.date(2026, 10, 7), None, []),  # a letter or an e-mail is read when they like
        ("phone", None, None, []),
    ],
)
def test_a_choice_against_a_wish_is_named(
    channel: str, day: dt.date | None, time: dt.time | None, broken: list[str]
) -> None:
    said = against([wish(**FULL), wish(**FULL)], channel=channel, day=day, time=time)
    assert len(said) == len(broken)
    assert all(part in words for part, words in zip(broken, said, strict=True))


def test_where_account_and_person_both_name_a_time_the_persons_holds() -> None:
    wishes = [wish(person_id=7, slot_week=0, slot_weekday=5), wish(**FULL)]
    friday = dt.date(2026, 10, 9)
    assert against(wishes, channel="phone", day=friday) == ["Against their wishes: Mon to Thu."]


@pytest.mark.django_db
class TestVerbs:
    def write(self, cast: Cast, today: dt.date, values: dict[str, Any], person: Any = None) -> Any:
        return write_wish(
            account=cast.acme,
            person=person,
            values=values,
            actor=cast.rita,
            today=today,
            now=timezone.now(),
        )

    def undo(self, cast: Cast, today: dt.date, version: int) -> bool:
        return undo_wish(account=cast.acme, version=version, actor=cast.rita, today=today, now=timezone.now())

    def test_written_changed_cleared_and_brought_back(self, cast: Cast, today: dt.date) -> None:
        first = self.write(cast, today, FULL)
        changed = self.write(cast, today, {"forbidden_channels": ["visit"]})
        assert self.write(cast, today, {"forbidden_channels": ["visit"]}).version is None
        cleared = clear_wish(account=cast.acme, person=None, actor=cast.rita, today=today, now=timezone.now())
        assert not ContactWish.objects.exists()
        assert not self.undo(cast, today, changed.version)  # too late: it was cleared since
        assert self.undo(cast, today, cleared.version)
        assert sentence(ContactWish.objects.get()) == "Never a visit"
        assert [row.history_user for row in ContactWish.history.all()] == [cast.rita] * 4
        assert not self.undo(cast, today, first.version)

    def test_undoing_the_first_leaves_none(self, cast: Cast, today: dt.date) -> None:
        assert self.undo(cast, today, self.write(cast, today, FULL).version)
        assert not ContactWish.objects.exists()

    def test_account_and_persons_have_one_each(self, cast: Cast, today: dt.date) -> None:
        person = ContactPersonFactory(account=cast.acme)
        self.write(cast, today, FULL)
        self.write(cast, today, {"weekdays": "1"}, person)
        self.write(cast, today, {"weekdays": "2"}, person)
        assert ContactWish.objects.count() == 2
        with pytest.raises(ValidationError):
            self.write(cast, today, FULL, ContactPersonFactory())

    def test_what_is_refused_writes_nothing(self, cast: Cast, today: dt.date) -> None:
        with pytest.raises(ValidationError) as refused:
            self.write(cast, today, {"at_most": 2, "from_time": NOON, "until_time": NINE})
        assert set(refused.value.message_dict) == {"per_days", "until_time"}
        assert not ContactWish.objects.exists()

    def test_the_account_page_reads_it_as_one_text(self, cast: Cast, today: dt.date) -> None:
        wanted = {**FULL, "note": "Ask for Ewa | not Jan", "slot_week": 0}
        self.write(cast, today, wanted)
        facts = Wishes().facts(None)  # type: ignore[arg-type]
        text = Account.objects.annotate(**facts).get(pk=cast.acme.pk).contacts_wish
        assert sentence(from_text(text)) == sentence(wish(**wanted))
