"""The order of Today (docs/domain.md, 5.4), and whose follow-ups stand there."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import Account
from contacts.models import FollowUp
from contacts.queue import Entry, Queue, in_order, known_open_count, todays_queue
from contacts.why import Ask, why_now
from crm.home.context import counts
from crm.team.models import Absence
from tests.support.cast import Cast
from tests.support.factories import AccountFactory, AgendaItemFactory, FollowUpFactory

TODAY = dt.date(2026, 10, 13)
DAY = dt.timedelta(days=1)


def working_days_after(due: dt.date) -> int:
    """Monday to Friday, as the rule under test is given them."""
    days = [due + n * DAY for n in range(1, (TODAY - due).days + 1)]
    return sum(day.weekday() < 5 for day in days)


def entry(code: str, *asks: Ask, **given: Any) -> Entry:
    usual: dict[str, Any] = {
        "pk": abs(hash(code)) % 10**9,
        "account_id": 1,
        "shown_on": TODAY,
        "day": TODAY,
        "time": None,
        "channel": "phone",
        "tier": None,
        "sales_cents": 0,
    }
    return Entry(code=code, asks=asks, **usual | given)


def cadence(days: int, interval: int) -> Ask:
    return Ask("cadence", "", TODAY, interval, TODAY - days * DAY)


def ask(reason: str, due: dt.date = TODAY) -> Ask:
    return Ask(reason, "", due)


def order(*entries: Entry) -> list[str]:
    found = in_order(entries, today=TODAY, overdue=working_days_after)
    return [one.code for one in found]


def test_complaints_then_fixed_times_then_overdue_promises_then_urgency() -> None:
    assert order(
        entry("urgent", cadence(300, 30), tier="A"),
        entry("promise", ask("promise_due", TODAY - DAY)),
        entry("late appointment", ask("manual"), time=dt.time(15)),
        entry("early appointment", ask("manual"), time=dt.time(9)),
        entry("complaint", ask("complaint")),
    ) == ["complaint", "early appointment", "late appointment", "promise", "urgent"]


def test_complaints_are_sorted_by_the_time_they_have_left() -> None:
    noon = dt.datetime(2026, 10, 13, 10, tzinfo=dt.UTC)
    complaint = ask("complaint")
    assert order(
        entry("stands, A", complaint, tier="A", sales_cents=9),
        entry("later", complaint, tier="A", runs_out_at=noon),
        entry("no complaint", ask("manual"), time=dt.time(7)),
        entry("over", complaint, runs_out_at=noon - 9 * DAY),
        entry("sooner", complaint, tier="C", runs_out_at=noon - DAY / 24),
    ) == ["over", "sooner", "later", "stands, A", "no complaint"]


def test_a_question_whose_clock_runs_stands_among_the_complaints() -> None:
    noon = dt.datetime(2026, 10, 13, 10, tzinfo=dt.UTC)
    assert order(
        entry("complaint", ask("complaint"), runs_out_at=noon + DAY),
        entry("answered", ask("question"), tier="A"),
        entry("question", ask("question"), runs_out_at=noon),
        entry("appointment", ask("manual"), time=dt.time(9)),
    ) == ["question", "complaint", "appointment", "answered"]


def test_a_promise_due_today_is_not_overdue_yet() -> None:
    assert order(
        entry("promise", ask("promise_due", TODAY), tier="B"),
        entry("visit", cadence(46, 30), tier="A"),
    ) == ["visit", "promise"]


def test_an_appointment_that_was_missed_is_no_fixed_time_of_today() -> None:
    assert order(
        entry("missed", ask("manual", TODAY - DAY), time=dt.time(9), day=TODAY - DAY),
        entry("today", ask("manual"), time=dt.time(16)),
    ) == ["today", "missed"]


def test_urgency_is_weighed_by_tier() -> None:
    # 46/30 x 4 = 6.1; 131/90 x 2 = 2.9; 175/180 x 1 = 0.97; without a tier weighs like C.
    assert order(
        entry("C", cadence(175, 180), tier="C"),
        entry("B", cadence(131, 90), tier="B"),
        entry("none", cadence(176, 180)),
        entry("A", cadence(46, 30), tier="A"),
    ) == ["A", "B", "none", "C"]


def test_without_an_interval_urgency_is_one_and_a_tenth_per_working_day_overdue() -> None:
    # Due on Friday, today is Tuesday: 2 working days, 1.2. A cadence at 35 of 30 days: 1.17; at 37: 1.23.
    friday = dt.date(2026, 10, 9)
    assert order(
        entry("1.17", cadence(35, 30)), entry("1.2", ask("manual", friday)), entry("1.23", cadence(37, 30))
    ) == ["1.23", "1.2", "1.17"]


def test_equals_are_ordered_by_sales_and_then_code() -> None:
    assert order(
        entry("K3", cadence(60, 60)),
        entry("K2", cadence(30, 30)),
        entry("K9", cadence(30, 30), sales_cents=5),
    ) == ["K9", "K2", "K3"]


def test_a_tenth_overdue_equals_the_same_share_of_an_interval() -> None:
    friday = dt.date(2026, 10, 9)
    assert order(entry("K2", cadence(36, 30)), entry("K1", ask("manual", friday))) == ["K1", "K2"]


def test_the_leading_reason_of_several_comes_first_on_the_agenda() -> None:
    both = entry("K1", cadence(20, 30), ask("promise_due", TODAY - DAY))
    (found,) = in_order([both], today=TODAY, overdue=working_days_after)
    assert [one.reason for one in found.asks] == ["promise_due", "cadence"]


asks = st.builds(
    Ask,
    reason=st.sampled_from(["cadence", "promise_due", "complaint", "manual"]),
    words=st.just(""),
    due=st.dates(TODAY - 40 * DAY, TODAY),
    interval_days=st.sampled_from([None, 30, 90]),
    counted_from=st.dates(TODAY - 200 * DAY, TODAY),
)


@given(
    st.lists(
        st.tuples(st.sampled_from(["A", "B", "C", None]), st.integers(0, 9), st.lists(asks, max_size=3)),
        max_size=12,
    )
)
def test_the_order_does_not_depend_on_the_order_of_reading(rows: list[Any]) -> None:
    entries = [
        entry(f"K{n:02}", *given, tier=tier, sales_cents=sales) for n, (tier, sales, given) in enumerate(rows)
    ]
    assert order(*entries) == order(*reversed(entries))


def test_after_one_comes_the_next_that_is_left_and_after_the_last_the_first() -> None:
    queue = Queue([entry("a", pk=1), entry("b", pk=2), entry("c", pk=3)])
    assert queue.following(1, among={2, 3}) == 2
    assert queue.following(1, among={3}) == 3
    assert queue.following(3, among={1, 2}) == 1
    assert queue.following(3, among=set()) is None
    assert queue.following(9, among={1, 2}) == 1


# From the database ----------------------------------------------------------------------------------------------------
def follow_up(cast: Cast, account: Account, day: dt.date, **given: Any) -> FollowUp:
    row = FollowUpFactory(**{"account": account, "assignee": cast.rita, "day": day} | given)
    AgendaItemFactory(account=account, follow_up=row, due=day)
    return row


def test_ones_own_and_those_one_stands_in_for_with_accounts_one_sees(cast: Cast, today: dt.date) -> None:
    own = follow_up(cast, cast.acme, today)
    of_carl = follow_up(cast, cast.brewery, today, assignee=cast.carl)
    follow_up(cast, cast.quarry, today)  # Rita's, but Otto's account: she does not see it
    follow_up(cast, cast.acme, today, state="done", closed_at=dt.datetime(2026, 10, 12, tzinfo=dt.UTC))
    assert [e.pk for e in todays_queue(cast.rita, today=today).now] == [own.pk]
    assert not todays_queue(cast.mona, today=today).now
    Absence.objects.create(user=cast.carl, substitute=cast.rita, first_day=today, last_day=today)
    cast.rita.__dict__.pop("_standing")
    assert {e.pk for e in todays_queue(cast.rita, today=today).now} == {own.pk, of_carl.pk}


def test_what_comes_later_and_what_is_snoozed_stands_below_in_order_of_days(
    cast: Cast, today: dt.date
) -> None:
    later = follow_up(cast, cast.acme, today + 2 * DAY)
    snoozed = follow_up(cast, cast.acme, today - 5 * DAY, snoozed_until=today + DAY)
    follow_up(cast, cast.acme, today + 30 * DAY)
    queue = todays_queue(cast.rita, today=today)
    assert queue.now == []
    assert [e.pk for e in queue.coming] == [snoozed.pk, later.pk]
    assert [e.shown_on for e in queue.coming] == [today + DAY, today + 2 * DAY]


def test_a_snooze_that_is_over_is_back(cast: Cast, today: dt.date) -> None:
    row = follow_up(cast, cast.acme, today - 5 * DAY, snoozed_until=today)
    assert [e.pk for e in todays_queue(cast.rita, today=today).now] == [row.pk]


def test_closed_items_are_no_reason(cast: Cast, today: dt.date) -> None:
    row = FollowUpFactory(account=cast.acme, assignee=cast.rita, day=today)
    AgendaItemFactory(account=cast.acme, follow_up=row, state="withdrawn", due=today)
    (found,) = todays_queue(cast.rita, today=today).now
    assert found.asks == ()
    assert why_now(found.asks, today=today).words == "Booked by hand"


def test_reading_takes_as_many_queries_for_many_rows_as_for_few(
    cast: Cast, today: dt.date, django_assert_num_queries: Any
) -> None:
    for number in (3, 60):
        for _n in range(number):
            follow_up(cast, AccountFactory(owner=cast.rita), today)
        for known in ("_standing", "_calendar"):
            cast.rita.__dict__.pop(known, None)
        with django_assert_num_queries(3):  # absences, rows, calendar
            todays_queue(cast.rita, today=today)
        stored = FollowUp.objects.count()
        with django_assert_num_queries(0):
            assert known_open_count(cast.rita, today) == stored


def test_the_number_in_the_navigation_counts_what_the_queue_shows(
    cast: Cast, today: dt.date, django_assert_num_queries: Any
) -> None:
    follow_up(cast, cast.acme, today)
    follow_up(cast, cast.acme, today + DAY)
    for person in (cast.rita, cast.mona):
        with django_assert_num_queries(2):  # who stands for whom, all numbers
            found = counts(person, on=today)
        assert found["contacts:today"] == len(todays_queue(person, today=today).now)
        assert ("segmentation:changes" in found) == person.is_manager


# Words ----------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("asked", "words", "tone", "more"),
    [
        (cadence(46, 30), "46 of 30 days", "late", ""),
        (cadence(28, 30), "28 of 30 days", "soon", ""),
        (
            Ask("cadence", "", TODAY, 30, TODAY - 5 * DAY, never=True),
            "First contact",
            "",
            "never reached yet",
        ),
        (
            Ask("cadence", "", TODAY, 30, TODAY - 35 * DAY, attempts=2),
            "35 of 30 days",
            "late",
            "not reached 2 times: try again",
        ),
        (
            Ask("promise_due", "Send the list", TODAY - DAY),
            "Promise due Mon 12 Oct",
            "late",
            "Send the list",
        ),
        (Ask("complaint", "no seals", TODAY), "Complaint", "danger", "no seals"),
        (Ask("manual", "", TODAY), "Next step", "", ""),
    ],
)
def test_why_now_in_words(asked: Ask, words: str, tone: str, more: str) -> None:
    found = why_now([asked], today=TODAY)
    assert (found.words, found.tone, found.more) == (words, tone, more)


def test_further_reasons_stand_behind_the_first() -> None:
    found = why_now([cadence(46, 30), ask("promise_due"), ask("complaint")], today=TODAY)
    assert found.more == "+ promise due, complaint"
