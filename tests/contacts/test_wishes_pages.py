"""Wishes, back-off and rules that cannot be met, as people see them (docs/domain.md, 5.2 to 5.4)."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from contacts.lifting import lift_back_off
from contacts.models import AgendaItem, BackOffLift, ContactWish, FollowUp, Touchpoint, UnmetRule
from contacts.slowing import Slowed, over_served, slowed_by, unwelcome_for
from tests.support.cast import Cast
from tests.support.factories import (
    AgendaItemFactory,
    ContactPersonFactory,
    ContactRuleFactory,
    FollowUpFactory,
    TouchpointFactory,
)

DAY = dt.timedelta(days=1)


@pytest.fixture(autouse=True)
def clock(today: dt.date, time_machine: Any) -> None:
    time_machine.move_to(dt.datetime.combine(today, dt.time(9), tzinfo=dt.UTC))


@pytest.fixture
def rita(cast: Cast) -> Client:
    return client_of(cast, "rita")


def client_of(cast: Cast, person: str) -> Client:
    client = Client()
    client.force_login(cast.users[person])
    return client


def page(client: Client, name: str, *args: Any) -> str:
    return client.get(reverse(name, args=args)).content.decode()


def said(answer: Any) -> str:
    return " ".join(str(message) for message in get_messages(answer.wsgi_request))


# Writing them down --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("who", ["rita", "serge"])
def test_a_wish_is_written_shown_and_undone(cast: Cast, who: str) -> None:
    client, url = client_of(cast, who), reverse("contacts:wish", args=[cast.acme.pk])
    answer = client.post(
        url, {"channel_visit": "never", "channel_phone": "prefer", "weekdays": ["1", "2"], "note": "Ring Ewa"}
    )
    assert answer.status_code == 302
    assert "Phone, never a visit; Mon, Tue; “Ring Ewa”." in page(client, "accounts:detail", cast.acme.pk)
    assert "Last written by" in page(client, "contacts:wish", cast.acme.pk)
    version = ContactWish.history.latest("history_id").history_id
    client.post(reverse("contacts:wish_undo", args=[cast.acme.pk, version]))
    assert "They have asked for nothing" in page(client, "accounts:detail", cast.acme.pk)


def test_what_is_refused_comes_back_with_its_words_beside_the_field(cast: Cast, rita: Client) -> None:
    url = reverse("contacts:wish", args=[cast.acme.pk])
    answer = rita.post(url, {"at_most": "2", "slot_week": "1", "slot_weekday": "5", "weekdays": ["1"]})
    assert answer.status_code == 422
    form = answer.context["form"]
    assert set(form.errors) == {"per_days", "slot_weekday"}
    assert "Friday is not among the days" in answer.content.decode()


def test_a_person_has_wishes_of_their_own_on_their_card(cast: Cast, rita: Client) -> None:
    person = ContactPersonFactory(account=cast.acme)
    rita.post(
        reverse("contacts:person_wish", args=[cast.acme.pk, person.pk]),
        {"slot_week": "0", "slot_weekday": "5"},
    )
    assert "Every Friday." in page(rita, "accounts:tab", cast.acme.pk, "persons")
    assert "1 person has wishes too" in page(rita, "accounts:detail", cast.acme.pk)
    rita.post(reverse("contacts:person_wish", args=[cast.acme.pk, person.pk]), {"clear": "1"})
    assert not ContactWish.objects.exists()


# Planning by hand ---------------------------------------------------------------------------------------------------
@pytest.fixture
def call(cast: Cast, today: dt.date) -> FollowUp:
    """A call of Rita's today to an account that wants no visits, and nothing on Fridays."""
    ContactWish.objects.create(account=cast.acme, forbidden_channels=["visit"], weekdays="1234")
    follow_up = FollowUpFactory(account=cast.acme, assignee=cast.rita, day=today)
    AgendaItemFactory(account=cast.acme, follow_up=follow_up, words="Ask about line 2")
    return follow_up


def test_the_brief_warns_and_a_choice_against_a_wish_is_named_not_forbidden(
    call: FollowUp, rita: Client
) -> None:
    html = page(rita, "contacts:follow_up", call.pk)
    assert "<strong>Wishes:</strong> Never a visit; Mon to Thu." in html
    assert 'data-kind="channel" data-value="visit" hidden' in html
    friday = {"day": "2026-10-16", "time": "10:00", "channel": "visit"}
    answer = rita.post(reverse("contacts:reschedule", args=[call.pk]), friday)
    assert "Against their wishes: never a visit. Against their wishes: Mon to Thu." in said(answer)
    call.refresh_from_db()
    assert (call.day, call.channel) == (dt.date(2026, 10, 16), "visit")


def answers(**given: Any) -> dict[str, Any]:
    usual = {
        "uuid": str(uuid.uuid4()),
        "outcome": "relationship",
        "minutes": "20",
        "channel": "phone",
        "direction": "out",
        "day": "2026-10-13",
        "next": "plan",
        "next_channel": "phone",
    }
    return usual | given


def test_a_next_step_against_a_wish_is_named(call: FollowUp, rita: Client) -> None:
    step = {"next": "day", "next_words": "Show it", "next_day": "2026-10-16", "next_channel": "visit"}
    assert "never a visit" in said(rita.post(reverse("contacts:follow_up", args=[call.pk]), answers(**step)))


def test_an_agenda_of_several_is_worked_off_item_by_item(
    cast: Cast, call: FollowUp, rita: Client, today: dt.date
) -> None:
    other = AgendaItemFactory(account=cast.acme, follow_up=call, words="Bring the samples")
    visit = AgendaItemFactory(
        account=cast.acme, follow_up=call, reason="cadence", source="visit", channel="visit", interval_days=90
    )
    ticked = call.items.get(words="Ask about line 2")
    form = rita.get(reverse("contacts:follow_up", args=[call.pk])).context["form"]
    assert set(form["items_done"].value()) == {ticked.pk, other.pk}  # a call does not stand for the visit
    assert visit.pk in dict(form.fields["items_done"].choices)
    rita.post(reverse("contacts:follow_up", args=[call.pk]), answers(items_done=[ticked.pk]))
    still = AgendaItem.objects.open().get(account=cast.acme, words="Bring the samples")
    assert still.follow_up != call
    assert still.follow_up.day > today
    assert not AgendaItem.objects.open().filter(words="Ask about line 2").exists()


# Back-off, unwelcome, over-serving ----------------------------------------------------------------------------------
def test_what_slows_a_cadence_is_read_from_its_reckoning(today: dt.date) -> None:
    plain = {"step": "interval", "day": "2026-10-01", "days": 30, "rule": 1}
    stretched = {"step": "backed_off", "day": "2026-10-16", "days": 45, "times": 3}
    paused = {"step": "unwelcome", "day": "2027-01-11", "days": 90}
    assert slowed_by([plain], today) is None
    slow = slowed_by([plain, stretched], today)
    assert slow == Slowed(30, 45, 3)
    assert slow.words(today) == "every 45 days instead of 30: 3 contacts in a row brought nothing"
    found = slowed_by([plain, paused], today)
    assert found is not None
    assert found.words(today) == "paused until Mon 11 Jan 2027: unwelcome on Tue 13 Oct"
    assert slowed_by([plain, paused], dt.date(2027, 1, 11)) is None


@pytest.mark.parametrize(
    ("made", "intervals", "shown"),
    [(20, [30], (20, 12)), (18, [30], None), (4, [365], (4, 1)), (3, [365], None), (90, [], None)],
)
def test_over_serving_is_more_than_half_and_three_more_than_asked(
    made: int, intervals: list[int], shown: tuple[int, int] | None
) -> None:
    assert over_served(made, intervals) == shown


def test_a_stretched_cadence_is_shown_with_a_way_out_that_can_be_undone(
    cast: Cast, rita: Client, today: dt.date
) -> None:
    rule = ContactRuleFactory(every_days=60)
    for ago in range(1, 13):
        TouchpointFactory(account=cast.acme, user=cast.rita, day=today - ago * DAY)
    follow_up = FollowUpFactory(account=cast.acme, assignee=cast.rita, day=today)
    interval = {"step": "interval", "day": today.isoformat(), "days": 60, "rule": rule.pk}
    step = {"step": "backed_off", "day": today.isoformat(), "days": 90, "times": 3}
    AgendaItemFactory(
        account=cast.acme,
        follow_up=follow_up,
        reason="cadence",
        source="phone",
        rule=rule,
        interval_days=60,
        reckoning=[interval, step],
    )
    html = page(rita, "accounts:detail", cast.acme.pk)
    assert "every 90 days instead of 60: 3 contacts in a row brought nothing" in html
    assert "12 of our contacts reached them in 12 months; the rules ask for 6." in html
    assert "Go on as the rule says" in html
    assert "Go on as the rule says" not in page(client_of(cast, "serge"), "accounts:detail", cast.acme.pk)
    rita.post(reverse("contacts:back_off_lift", args=[cast.acme.pk]), {"note": "She asked for it"})
    lift = BackOffLift.objects.get()
    assert (lift.actor, lift.note) == (cast.rita, "She asked for it")
    rita.post(reverse("contacts:back_off_lift_undo", args=[cast.acme.pk, lift.pk]))
    assert not BackOffLift.objects.exists()


def test_the_manager_is_told_of_an_unwelcome_contact(cast: Cast, rita: Client, today: dt.date) -> None:
    note = "Does not want to be called at all."
    TouchpointFactory(account=cast.acme, user=cast.rita, day=today - DAY, outcome="unwelcome", note=note)
    TouchpointFactory(account=cast.acme, user=cast.rita, day=today - 14 * DAY, outcome="unwelcome")
    TouchpointFactory(
        account=cast.acme, user=cast.rita, day=today, outcome="unwelcome", deleted_at=timezone.now()
    )
    html = page(client_of(cast, "mona"), "contacts:today")
    assert note in html
    assert "paused until Sun 10 Jan 2027" in html
    assert note not in page(client_of(cast, "nora"), "contacts:today")  # another team's
    assert "Unwelcome in" not in page(rita, "contacts:today")
    assert [one.touchpoint.day for one in unwelcome_for(cast.mona, today=today)] == [today - DAY]
    assert Touchpoint.objects.unwelcome_since(today - 14 * DAY).count() == 2
    lift_back_off(account=cast.acme, actor=cast.mona, note="", now=timezone.now(), today=today)
    assert unwelcome_for(cast.mona, today=today)[0].paused_until is None


# Rules that cannot be met -------------------------------------------------------------------------------------------
def test_a_rule_that_cannot_be_met_is_listed_for_the_owner(cast: Cast, rita: Client, today: dt.date) -> None:
    assert "Every rule can be met" in page(rita, "contacts:unmet")
    assert "cannot be met" not in page(rita, "contacts:today")
    rule = ContactRuleFactory(channel="visit", every_days=90)
    UnmetRule.objects.create(
        account=cast.acme, channel="visit", rule=rule, why=UnmetRule.Why.FORBIDDEN, since=today
    )
    assert "1 rule cannot be met" in page(rita, "contacts:today")
    html = page(rita, "contacts:unmet")
    assert cast.acme.name in html
    assert "visit every 90 days" in html
    assert "They do not want this channel" in html
    assert cast.acme.name not in page(client_of(cast, "carl"), "contacts:unmet")
    mona = client_of(cast, "mona")
    assert cast.acme.name in mona.get(reverse("contacts:coverage"), {"gap": "unmet"}).content.decode()
