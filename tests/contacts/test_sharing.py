"""Which agenda items share a follow-up: the pure rule of docs/domain.md, 5.3."""

from __future__ import annotations

import datetime as dt
from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from accounts.models import Channel
from contacts.cadence import SATISFIES
from contacts.planning.merging import MERGE_DAYS, Ask, Fixed, share
from contacts.wished import most_personal
from crm.team.calendars import ONE_DAY, WorkingCalendar

PLAIN = WorkingCalendar()
TODAY = dt.date(2026, 10, 13)  # a Tuesday


def ask(
    key: str, due: int, before: int = 3, after: int = 3, channel: str = "phone", fixed: int | None = None
):
    day = TODAY + due * ONE_DAY
    return Ask(
        key,
        channel,
        day - before * ONE_DAY,
        day,
        day + after * ONE_DAY,
        PLAIN.on_or_after(max(day, TODAY)),
        fixed,
    )


def keys(*asks: Ask, fixed=()) -> list[str]:
    return sorted("".join(one.key for one in contact.asks) for contact in share(asks, fixed, PLAIN))


def test_what_is_due_first_opens_a_contact_and_others_join_it():
    assert keys(ask("a", 0), ask("b", 2), ask("c", 9)) == ["ab", "c"]


def test_only_where_the_window_contains_the_day():
    assert keys(ask("a", 0), ask("b", 2, before=1)) == ["a", "b"]
    assert keys(ask("a", 0), ask("b", 2, before=2)) == ["ab"]


def test_only_within_five_working_days():
    assert keys(ask("a", 0), ask("b", 7, before=20)) == ["ab"]  # Tuesday to Tuesday
    assert keys(ask("a", 0), ask("b", 8, before=20)) == ["a", "b"]


def test_a_promise_draws_the_cadence_near_it():
    promise = ask("p", 1, before=10, after=0)
    contact = share([ask("c", 3, before=5, after=5), promise], (), PLAIN)[0]
    assert contact.lead == promise
    assert (contact.earliest, contact.latest) == (TODAY - 2 * ONE_DAY, TODAY + ONE_DAY)


def test_what_is_overdue_can_be_dealt_with_in_one_contact():
    assert keys(ask("a", -60, channel="visit"), ask("b", -30, channel="phone")) == ["ab"]
    assert keys(ask("a", -60), ask("b", 1)) == ["ab"]


def test_the_channels_must_go_together():
    assert keys(ask("a", 0, channel="phone"), ask("b", 1, channel="letter")) == ["a", "b"]
    assert keys(ask("a", 0, channel="email"), ask("b", 1, channel="visit")) == ["ab"]


def test_what_is_booked_gains_items_and_keeps_its_channel():
    booked = Fixed(9, "phone", TODAY + 2 * ONE_DAY)
    assert keys(ask("a", 1), ask("b", 3), fixed=[booked]) == ["ab"]
    assert keys(ask("a", 1, channel="visit"), ask("b", 3), fixed=[booked]) == ["a", "b"]
    contacts = share([ask("a", 1), ask("x", 90, fixed=9)], [booked], PLAIN)
    assert [(one.fixed, [a.key for a in one.asks]) for one in contacts] == [(booked, ["a", "x"])]


ASKS = st.lists(
    st.builds(
        ask,
        key=st.sampled_from("abcdefghijkl"),
        due=st.integers(-40, 40),
        before=st.integers(0, 20),
        after=st.integers(0, 20),
        channel=st.sampled_from(Channel.values),
        fixed=st.sampled_from([None, None, 1, 2]),
    ),
    max_size=6,
    unique_by=lambda one: one.key,
)
FIXED = st.lists(
    st.builds(
        Fixed,
        st.integers(1, 3),
        st.sampled_from(Channel.values),
        st.integers(-10, 40).map(lambda n: TODAY + n * ONE_DAY),
    ),
    max_size=3,
    unique_by=lambda one: one.pk,
)


@given(ASKS, FIXED)
def test_no_item_is_lost_and_each_contact_can_deal_with_its_items(asks, fixed):
    known = {one.pk for one in fixed}
    asks = [one if one.fixed in known else one._replace(fixed=None) for one in asks]
    contacts = share(asks, fixed, PLAIN)
    held = [one.key for contact in contacts for one in contact.asks]
    assert sorted(held) == sorted(one.key for one in asks)
    for contact in contacts:
        if contact.fixed is None:
            lead = contact.lead
            assert lead.due == min(one.due for one in contact.asks)
            assert contact.earliest <= lead.day <= contact.latest
            wins = most_personal(one.channel for one in contact.asks)
            for one in contact.asks:
                assert one is lead or one.channel in SATISFIES[wins]
                assert one.earliest <= lead.day <= max(one.latest, one.day)
                assert one is lead or one.due <= PLAIN.add(lead.day, MERGE_DAYS)
        else:
            assert all(
                one.fixed == contact.fixed.pk
                or (one.earliest <= contact.fixed.day and one.channel in SATISFIES[contact.fixed.channel])
                for one in contact.asks
            )


@given(ASKS.filter(lambda asks: len(asks) <= 4), FIXED)
def test_the_order_in_which_they_are_read_decides_nothing(asks, fixed):
    found = {
        tuple(sorted(tuple(one.key for one in contact.asks) for contact in share(order, fixed, PLAIN)))
        for order in permutations(asks)
    }
    assert len(found) == 1
