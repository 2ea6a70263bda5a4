"""Today in the browser's eyes: the list, the open follow-up, logging in place, putting off, correcting (5.4)."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from contacts.models import FollowUp, Promise, Touchpoint
from contacts.planning import plan
from tests.support.cast import Cast
from tests.support.factories import (
    AccountFactory,
    AgendaItemFactory,
    ContactPersonFactory,
    ContactRuleFactory,
    FollowUpFactory,
    PurchaseFactory,
    TouchpointFactory,
)

DAY = dt.timedelta(days=1)


@pytest.fixture(autouse=True)
def clock(today: dt.date, time_machine: Any) -> None:
    time_machine.move_to(dt.datetime.combine(today, dt.time(9), tzinfo=dt.UTC))


@pytest.fixture
def rita(cast: Cast) -> Client:
    client = Client()
    client.force_login(cast.rita)
    return client


@pytest.fixture
def call(cast: Cast, today: dt.date) -> FollowUp:
    """A call of Rita under a 30-day rule, 46 days after the last one."""
    ContactRuleFactory(every_days=30, minutes=20, talking_points="Ask about line 2.\nName Hydrotech.")
    TouchpointFactory(account=cast.acme, user=cast.rita, day=today - 46 * DAY)
    plan(today=today, now=timezone.now(), account_ids=[cast.acme.pk])
    return FollowUp.objects.open().get(account=cast.acme)


def logged() -> Touchpoint:
    """The one contact that a test logged."""
    return Touchpoint.objects.get(day__gt="2026-09-30")


def answers(**given: Any) -> dict[str, Any]:
    """What the log form sends when only an outcome was picked."""
    usual = {
        "uuid": str(uuid.uuid4()),
        "outcome": "new_information",
        "minutes": "20",
        "channel": "phone",
        "direction": "out",
        "day": "2026-10-13",
        "next": "plan",
        "next_channel": "phone",
    }
    return usual | given


def url(follow_up: FollowUp) -> str:
    return reverse("contacts:follow_up", args=[follow_up.pk])


def said(response: Any) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]


def text_of(response: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


# The list -------------------------------------------------------------------------------------------------------------
def test_the_row_says_who_why_how_and_what_is_at_stake(rita: Client, cast: Cast, call: FollowUp) -> None:
    ContactPersonFactory(account=cast.acme, name="Agnieszka Wyszomirska", is_main=True)
    cast.acme.tier, cast.acme.sales_12m_cents = "A", 18_420_000
    cast.acme.save()
    page = text_of(rita.get("/today/"))
    assert "Zakłady Acme S.A. Agnieszka Wyszomirska" in page
    assert "46 of 30 days" in page
    assert "184,200" in page


def test_nothing_to_do_says_what_comes_next(rita: Client, cast: Cast) -> None:
    page = text_of(rita.get("/today/"))
    assert "No follow-ups yet" in page
    assert reverse("contacts:log_search") in rita.get("/today/").content.decode()


@pytest.mark.parametrize("name", ["mona", "serge", "ada"])
def test_everybody_has_a_today_of_their_own(cast: Cast, call: FollowUp, name: str) -> None:
    client = Client()
    client.force_login(cast.users[name])
    page = text_of(client.get("/today/"))
    assert "46 of 30 days" not in page
    assert "No follow-ups yet" in page


def test_the_filter_keeps_one_channel_and_the_way_back(
    rita: Client, cast: Cast, call: FollowUp, today: dt.date
) -> None:
    FollowUpFactory(
        account=AccountFactory(owner=cast.rita, name="Visited Ltd"), assignee=cast.rita, day=today
    )
    FollowUp.objects.exclude(pk=call.pk).update(channel="visit")
    page = rita.get("/today/?only=visit").content.decode()
    assert "Visited Ltd" in page
    assert "Zakłady Acme" not in page
    assert "?only=visit" in page


def test_fifty_rows_on_a_page_and_the_open_one_is_on_the_page_shown(
    rita: Client, cast: Cast, today: dt.date
) -> None:
    rows = [
        FollowUpFactory(
            account=AccountFactory(owner=cast.rita, code=f"K{n:03}"), assignee=cast.rita, day=today
        )
        for n in range(53)
    ]
    assert len(rita.get("/today/").context["rows"]) == 50
    last = rita.get(url(rows[-1]))
    assert last.context["page"].number == 2
    assert last.content.decode().count('aria-current="true"') == 2  # the pill "All" and the row


def test_done_today_stands_below_with_count_and_minutes(rita: Client, cast: Cast, today: dt.date) -> None:
    TouchpointFactory(account=cast.acme, user=cast.rita, day=today, minutes=40)
    TouchpointFactory(account=cast.acme, user=cast.rita, day=today, minutes=120)
    TouchpointFactory(account=cast.acme, user=cast.carl, day=today)
    assert "2 contacts, 2 h 40" in text_of(rita.get("/today/"))


def test_a_contact_with_an_account_one_no_longer_sees_shows_no_name(
    rita: Client, cast: Cast, today: dt.date
) -> None:
    TouchpointFactory(account=cast.quarry, user=cast.rita, day=today)
    page = rita.get("/today/").content.decode()
    assert "Kamieniołom" not in page
    assert "An account you no longer see" in page


def test_ten_queries_at_most_and_as_many_for_many_rows_as_for_few(
    cast: Cast, today: dt.date, django_assert_max_num_queries: Any
) -> None:
    client = Client()
    found = {}
    for number in (3, 297):
        for _n in range(number):
            account = AccountFactory(owner=cast.rita)
            ContactPersonFactory(account=account, is_main=True)
            AgendaItemFactory(
                account=account,
                follow_up=FollowUpFactory(account=account, assignee=cast.rita, day=today),
                due=today,
            )
            TouchpointFactory(account=account, user=cast.rita, day=today)
        client.force_login(cast.rita)
        with django_assert_max_num_queries(10) as queries:
            assert client.get("/today/").status_code == 200
        with django_assert_max_num_queries(26) as more:
            assert client.get(url(FollowUp.objects.earliest("pk"))).status_code == 200
        found[number] = (len(queries), len(more))
    assert found[3] == found[297]


# The open follow-up ---------------------------------------------------------------------------------------------------
def test_it_says_everything_one_needs_before_the_call(
    rita: Client, cast: Cast, call: FollowUp, today: dt.date
) -> None:
    ContactPersonFactory(
        account=cast.acme,
        name="Agnieszka Wyszomirska",
        is_main=True,
        phone="+48 600 100 200",
        email="a@example.com",
        preferred_times="No calls before 10:00.",
    )
    cast.acme.open_complaints, cast.acme.address = 1, "ul. Długa 3"
    cast.acme.save()
    PurchaseFactory(account=cast.acme, cents=1_234_500, due_on=today - 9 * DAY)
    PurchaseFactory(account=cast.acme, cents=99_900, due_on=today - 9 * DAY, paid_on=today)
    TouchpointFactory(account=cast.acme, user=cast.carl, note="Asked for an invoice")
    Promise.objects.create(
        account=cast.acme,
        made_by=cast.rita,
        words="Send drawings",
        made_on=today,
        due_on=today + 3 * DAY,
    )
    response = rita.get(url(call))
    page, html = text_of(response), response.content.decode()
    for words in (
        "Regular call 46 of 30 days since the last one",
        "Ask about line 2.",
        "Promised by Fri 16 Oct: Send drawings",
        "No calls before 10:00.",
        "Last phone call that reached them, by you",
        "+ 30 days",
        "Asked for an invoice",
        "by Carl Example",
        "1 complaint is open.",
        "1 invoice is not paid in time: 12,345 € overdue.",
        "By plan: phone on Thu 12 Nov",
    ):
        assert words in page, words
    assert 'href="tel:+48600100200"' in html
    assert 'href="mailto:a@example.com"' in html
    assert "D%C5%82uga+3" in html


def test_no_outcome_is_chosen_beforehand_and_the_rest_is_filled(rita: Client, call: FollowUp) -> None:
    html = rita.get(url(call)).content.decode()
    outcomes = re.findall(r'<input type="radio" name="outcome"[^>]*>', html)
    assert len(outcomes) == 6
    assert not any("checked" in outcome for outcome in outcomes)
    assert [re.search(r'aria-keyshortcuts="(\d)"', o).group(1) for o in outcomes] == list("123456")  # type: ignore[union-attr]
    assert 'name="minutes" inputmode="numeric" pattern="[0-9]*" autocomplete="off" value="20"' in html


def test_htmx_gets_the_open_pane_alone(rita: Client, call: FollowUp) -> None:
    whole = rita.get(url(call))
    alone = rita.get(url(call), headers={"HX-Request": "true"})
    assert b'id="open"' in alone.content
    assert b"<nav" not in alone.content
    assert len(alone.content) < len(whole.content)
    assert "HX-Request" in alone["Vary"]
    restored = rita.get(url(call), headers={"HX-Request": "true", "HX-History-Restore-Request": "true"})
    assert b"<nav" in restored.content


@pytest.mark.parametrize(("name", "status"), [("carl", 404), ("otto", 404), ("serge", 200), ("mona", 200)])
def test_who_does_not_see_the_account_does_not_see_it(
    cast: Cast, call: FollowUp, name: str, status: int
) -> None:
    client = Client()
    client.force_login(cast.users[name])
    assert client.get(url(call)).status_code == status
    assert client.post(url(call), answers()).status_code == (302 if status == 200 else 404)


def test_an_agent_may_log_but_not_put_off(cast: Cast, call: FollowUp) -> None:
    client = Client()
    client.force_login(cast.serge)
    html = client.get(url(call)).content.decode()
    assert "Log and go on" in html
    assert reverse("contacts:snooze", args=[call.pk]) not in html
    answer = client.post(reverse("contacts:snooze", args=[call.pk]), {"until": "2026-10-20"})
    assert answer.status_code == 404


# Logging --------------------------------------------------------------------------------------------------------------
def test_one_pick_and_one_button_log_it_and_open_the_next(
    rita: Client, cast: Cast, call: FollowUp, today: dt.date
) -> None:
    following = FollowUpFactory(account=AccountFactory(owner=cast.rita), assignee=cast.rita, day=today)
    answer = rita.post(url(call), answers())
    assert answer.status_code == 302
    assert answer["Location"] == url(following)
    made = logged()
    assert (made.outcome, made.minutes, made.follow_up) == ("new_information", 20, call)
    (toast,) = said(answer)
    assert toast == "Logged: Zakłady Acme S.A., new information. Next: phone on Thu 12 Nov."
    assert reverse("contacts:touchpoint_delete", args=[made.pk]) in rita.get(url(following)).content.decode()


def test_what_was_due_before_today_is_not_called_the_next_one(
    rita: Client, cast: Cast, call: FollowUp, today: dt.date
) -> None:
    FollowUpFactory(account=cast.acme, assignee=cast.serge, day=today - dt.timedelta(days=4))
    (toast,) = said(rita.post(url(call), answers()))
    assert toast == "Logged: Zakłady Acme S.A., new information. Still open since Fri 9 Oct."


def test_after_the_last_one_today_is_shown(rita: Client, call: FollowUp) -> None:
    assert rita.post(url(call), answers())["Location"] == "/today/"
    assert "All done for today" in text_of(rita.get("/today/"))


def test_the_filter_stays_while_one_works_through_it(
    rita: Client, cast: Cast, call: FollowUp, today: dt.date
) -> None:
    for channel in ("visit", "phone"):
        FollowUpFactory(
            account=AccountFactory(owner=cast.rita), assignee=cast.rita, day=today, channel=channel
        )
    location = rita.post(url(call) + "?only=phone", answers())["Location"]
    assert location.endswith("?only=phone")
    assert FollowUp.objects.get(pk=location.split("/")[2]).channel == "phone"


def test_sent_twice_it_is_logged_once(rita: Client, call: FollowUp) -> None:
    form = answers()
    for _time in range(2):
        assert rita.post(url(call), form).status_code == 302
    assert logged()


def test_logged_again_from_another_tab_it_says_so(rita: Client, call: FollowUp) -> None:
    rita.post(url(call), answers())
    (first, second) = said(rita.post(url(call), answers()))[-2:]
    assert first.startswith("Logged: ")
    assert second.startswith("The follow-up was dealt with before; this counts as one more contact. Logged: ")


@pytest.mark.parametrize(("ticked", "state"), [(True, "kept"), (False, "open")])
def test_a_promise_on_the_agenda_is_kept_where_it_is_ticked(
    rita: Client, cast: Cast, today: dt.date, ticked: bool, state: str
) -> None:
    promise = Promise.objects.create(
        account=cast.acme, made_by=cast.rita, words="Send the drawing.", made_on=today, due_on=today
    )
    follow_up = FollowUpFactory(account=cast.acme, assignee=cast.rita, day=today)
    AgendaItemFactory(
        account=cast.acme,
        follow_up=follow_up,
        reason="promise_due",
        source=f"promise:{promise.pk}",
        due=today,
    )
    box = re.search(r'<input[^>]*name="promises_kept"[^>]*>', rita.get(url(follow_up)).content.decode())
    assert box is not None
    assert "checked" in box[0]
    answer = rita.post(url(follow_up), answers(**({"promises_kept": [promise.pk]} if ticked else {})))
    promise.refresh_from_db()
    assert promise.state == state
    assert ("Promise kept: Send the drawing." in said(answer)[0]) is ticked


def test_a_promise_that_is_not_due_yet_is_not_taken_for_kept(
    rita: Client, cast: Cast, today: dt.date
) -> None:
    promise = Promise.objects.create(
        account=cast.acme, made_by=cast.rita, words="Find a pump.", made_on=today, due_on=today + 3 * DAY
    )
    follow_up = FollowUpFactory(account=cast.acme, assignee=cast.rita, day=today)
    AgendaItemFactory(account=cast.acme, follow_up=follow_up, source=f"promise:{promise.pk}", due=today)
    box = re.search(r'<input[^>]*name="promises_kept"[^>]*>', rita.get(url(follow_up)).content.decode())
    assert box is not None and "checked" not in box[0]


def test_something_overdue_is_offered_today(rita: Client, call: FollowUp, today: dt.date) -> None:
    FollowUp.objects.update(day=today - 5 * DAY)
    page = rita.get(reverse("contacts:reschedule", args=[call.pk])).content.decode()
    assert f'name="day" value="{today}"' in page


def test_all_that_can_be_said(rita: Client, cast: Cast, call: FollowUp, today: dt.date) -> None:
    persons = [ContactPersonFactory(account=cast.acme) for _n in range(2)]
    rita.post(
        url(call),
        answers(
            channel="visit",
            direction="in",
            note="Line 2 approved",
            day="2026-10-09",
            persons=[person.pk for person in persons],
            promise_words="Send sizing",
            promise_due="2026-10-20",
            next="day",
            next_words="Show the line",
            next_day="2026-10-22",
            next_channel="visit",
        ),
    )
    made = logged()
    assert (made.channel, made.direction, made.note) == ("visit", "in", "Line 2 approved")
    assert made.day == dt.date(2026, 10, 9)
    assert set(made.persons.all()) == set(persons)
    assert Promise.objects.get().due_on == dt.date(2026, 10, 20)
    step = FollowUp.objects.get(items__reason="manual")
    assert (step.day, step.channel, step.items.get().words) == (
        dt.date(2026, 10, 22),
        "visit",
        "Show the line",
    )


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"outcome": ""}, "Pick what the contact brought."),
        ({"minutes": "many"}, "Give whole minutes, such as 15."),
        ({"day": "2026-10-14"}, "A contact in the future cannot be logged."),
        ({"promise_words": "Send sizing"}, "By when was it promised?"),
        ({"next": "day"}, "On which day?"),
    ],
)
def test_what_is_wrong_is_said_in_place_and_nothing_is_lost(
    rita: Client, call: FollowUp, given: dict[str, Any], words: str
) -> None:
    form = answers(note="Line 2 approved", **given)
    answer = rita.post(url(call), form)
    assert answer.status_code == 422
    html = answer.content.decode()
    assert words in html
    assert "Line 2 approved" in html
    assert form["uuid"] in html  # the same form, sent again, is the same contact
    assert Touchpoint.objects.filter(day__gt="2026-09-30").count() == 0


def test_undo_of_a_log_opens_the_follow_up_again(rita: Client, call: FollowUp) -> None:
    rita.post(url(call), answers())
    made = logged()
    answer = rita.post(reverse("contacts:touchpoint_delete", args=[made.pk]), {"next": "/today/"})
    assert answer["Location"] == url(call)
    call.refresh_from_db()
    assert call.is_open
    answer = rita.post(reverse("contacts:touchpoint_restore", args=[made.pk]), {"next": "/today/"})
    call.refresh_from_db()
    assert not call.is_open


# Putting off ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("act", "given", "toast"),
    [
        ("snooze", {"until": "2026-10-19"}, "Zakłady Acme S.A.: snoozed until Mon 19 Oct."),
        ("reschedule", {"day": "2026-10-19", "channel": "phone"}, "Zakłady Acme S.A.: moved to Mon 19 Oct."),
        (
            "reschedule",
            {"day": "2026-10-17", "time": "10:30", "channel": "visit"},
            "Zakłady Acme S.A.: booked for Sat 17 Oct. Sat 17 Oct is not a working day of Rita Example.",
        ),
        ("skip", {"reason": "On holiday"}, "Zakłady Acme S.A.: skipped."),
    ],
)
def test_it_is_put_off_said_and_taken_back(
    rita: Client, call: FollowUp, act: str, given: dict[str, str], toast: str
) -> None:
    before = FollowUp.objects.values().get(pk=call.pk)
    there = reverse(f"contacts:{act}", args=[call.pk])
    assert rita.get(there).status_code == 200
    answer = rita.post(there, given)
    assert answer.status_code == 302
    assert toast in said(answer)[0]
    undo = re.search(r'action="(/today/undo/[^"]+)"', rita.get("/today/").content.decode())
    assert undo is not None
    assert FollowUp.objects.values().get(pk=call.pk) != before
    answer = rita.post(undo[1], {"next": "/today/"})
    assert answer["Location"] == url(call)
    assert FollowUp.objects.values().get(pk=call.pk) == before


@pytest.mark.parametrize(
    ("act", "given", "words"),
    [
        ("snooze", {"until": "2026-10-13"}, "Pick a day after today"),
        ("reschedule", {"day": "2026-10-12", "channel": "phone"}, "Pick a day from today on"),
        ("skip", {"reason": " "}, "Say why it is left out."),
    ],
)
def test_what_cannot_be_is_said_on_a_plain_page(
    rita: Client, call: FollowUp, act: str, given: dict[str, str], words: str
) -> None:
    answer = rita.post(reverse(f"contacts:{act}", args=[call.pk]), given)
    assert answer.status_code == 422
    assert words in answer.content.decode()


def test_a_token_of_somebody_else_says_that_it_cannot_be_undone(rita: Client) -> None:
    answer = rita.post(reverse("contacts:undo", args=["made:up"]), {"next": "https://evil.example/"})
    assert answer["Location"] == "/today/"
    assert said(answer) == ["This cannot be undone."]


# Without a follow-up, correcting, promises ----------------------------------------------------------------------------
def test_an_account_is_found_and_its_contact_logged(rita: Client, cast: Cast) -> None:
    found = rita.get(reverse("contacts:log_search"), {"q": "zaklady acme"})
    assert reverse("contacts:log", args=[cast.acme.pk]) in found.content.decode()
    assert "Browar" not in rita.get(reverse("contacts:log_search"), {"q": "browar"}).content.decode()
    answer = rita.post(reverse("contacts:log", args=[cast.acme.pk]), answers(direction="in"))
    assert answer["Location"] == reverse("accounts:tab", args=[cast.acme.pk, "timeline"])
    assert logged().direction == "in"
    assert rita.get(reverse("contacts:log", args=[cast.brewery.pk])).status_code == 404


def test_a_contact_is_corrected_on_its_page(rita: Client, cast: Cast) -> None:
    rita.post(reverse("contacts:log", args=[cast.acme.pk]), answers(note="Line 2"))
    made = logged()
    there = reverse("contacts:touchpoint", args=[made.pk])
    assert "Line 2" in rita.get(there).content.decode()
    answer = rita.post(there, answers(note="Line 3", minutes="30", outcome="new_order"))
    assert answer.status_code == 302
    made.refresh_from_db()
    assert (made.note, made.minutes, made.outcome) == ("Line 3", 30, "new_order")
    rita.post(reverse("contacts:touchpoint_delete", args=[made.pk]), {"next": there})
    assert rita.get(there).status_code == 404


def test_an_own_entry_is_corrected_without_showing_the_account(rita: Client, cast: Cast) -> None:
    made = TouchpointFactory(account=cast.quarry, user=cast.rita, note="Line 2")
    ContactPersonFactory(account=cast.quarry, name="Otto's person")
    page = rita.get(reverse("contacts:touchpoint", args=[made.pk])).content.decode()
    assert "Line 2" in page
    assert "Kamieniołom" not in page
    assert "s person" not in page


def test_the_timeline_shows_what_was_logged_and_why_the_next_day(
    rita: Client, cast: Cast, call: FollowUp
) -> None:
    rita.post(url(call), answers(note="Line 2 approved"))
    page = text_of(rita.get(reverse("accounts:tab", args=[cast.acme.pk, "timeline"])))
    assert "Line 2 approved" in page
    assert "Why phone on Thu 12 Nov" in page
    assert "Last phone call that reached them, by you Tue 13 Oct" in page
    assert "+ 30 days" in page


@pytest.mark.parametrize(("name", "state"), [("promise_keep", "kept"), ("promise_break", "broken")])
def test_a_promise_is_closed_from_the_account(
    rita: Client, cast: Cast, today: dt.date, name: str, state: str
) -> None:
    promise = Promise.objects.create(
        account=cast.acme, made_by=cast.rita, words="Send it", made_on=today, due_on=today
    )
    here = cast.acme.get_absolute_url()
    there = reverse(f"contacts:{name}", args=[promise.pk])
    assert there in rita.get(here).content.decode()
    assert rita.post(there, {"next": here})["Location"] == here
    promise.refresh_from_db()
    assert promise.state == state
