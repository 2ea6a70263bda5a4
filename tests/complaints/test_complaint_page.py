"""A complaint's page: what it says, what it lets whom do, and what it does with what is refused."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Account
from complaints import asking, filing, workflow
from complaints.errors import NotAllowed, WrongState
from complaints.filing import Filed
from complaints.models import (
    Complaint,
    ComplaintCategory,
    ComplaintMessage,
    ComplaintPolicy,
    Decision,
    Escalation,
    RootCause,
)
from complaints.on_the_queue import AfterClosing
from contacts.agenda import request_contact
from contacts.models import AgendaItem, Reason, Touchpoint
from contacts.touchpoints import delete_touchpoint, log_contact
from crm.team.models import User
from tests.support.cast import Cast
from tests.support.factories import ComplaintFactory, ComplaintMessageFactory, PurchaseFactory

NOW = dt.datetime(2026, 10, 13, 8, 0, tzinfo=dt.UTC)  # a Tuesday, 10:00 in Warsaw
TODAY = dt.date(2026, 10, 13)
LATER = NOW + dt.timedelta(hours=1)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock(time_machine: Any) -> None:
    """An hour after it was filed."""
    time_machine.move_to(LATER, tick=False)


def file(cast: Cast, **fields: Any) -> Complaint:
    values: dict[str, Any] = {
        "category": ComplaintCategory.objects.get(pk="quality"),
        "words": "It leaks.",
        "wanted": "A new one",
        "claim_cents": 50_000,
    } | fields
    if values["category"].kind == "complaint":
        values.setdefault("purchase", PurchaseFactory(account=cast.acme))
    return filing.file_complaint(
        account=cast.acme,
        filed=Filed(**values),
        uuid=uuid.uuid4(),
        actor=cast.serge,
        today=TODAY,
        now=NOW,
    )


def done(actor: User, **given: Any) -> dict[str, Any]:
    return {"actor": actor, "today": TODAY, "now": LATER, **given}


@pytest.fixture
def complaint(cast: Cast) -> Complaint:
    return file(cast)


@pytest.fixture
def as_(client: Client) -> Callable[[User], Client]:
    def signed_in(user: User) -> Client:
        client.force_login(user)
        return client

    return signed_in


def get(client: Client, complaint: Complaint) -> str:
    response = client.get(reverse("complaint:page", args=[complaint.pk]))
    assert response.status_code == 200
    return response.content.decode()


def post(client: Client, complaint: Complaint, name: str, *args: Any, **data: Any) -> Any:
    return client.post(reverse(f"complaint:{name}", args=[complaint.pk, *args]), data)


def undo(client: Client, response: Any) -> Any:
    """Press Undo in the toast that the page after the act shows."""
    page = client.get(response["Location"]).content.decode()
    start = page.index('action="', page.index("data-toast")) + len('action="')
    return client.post(page[start : page.index('"', start)])


def now_of(complaint: Complaint) -> Complaint:
    return Complaint.objects.get(pk=complaint.pk)


# What it says --------------------------------------------------------------------------------------------------------
def test_it_says_what_it_is_about(cast: Cast, complaint: Complaint, as_: Callable[[User], Client]) -> None:
    other = ComplaintFactory(account=cast.acme, number="R-OTHER")
    page = get(as_(cast.serge), complaint)
    for words in (
        complaint.number,
        "Zakłady Acme",
        "Rita Example",
        "It leaks.",
        "A new one",
        "500.00",
        other.number,
    ):
        assert words in page
    assert "in 7 h" in page
    assert "Decide on its merits" in page and "above the limit of 100 €" in page


def test_time_left_over_and_paused(cast: Cast, complaint: Complaint, as_: Callable[[User], Client]) -> None:
    client = as_(cast.serge)
    assert "in 7 h" in get(client, complaint)  # a day of eight hours, of which one has gone
    workflow.wait_for_customer(complaint=complaint, **done(cast.serge))
    page = get(client, complaint)
    assert "after 1 h" in page and "kept, 7 h to spare" in page
    assert "4 days 7 h left" in page and "paused while waiting" in page


def test_a_clock_that_ran_out_says_so(
    cast: Cast, complaint: Complaint, as_: Callable[[User], Client], time_machine: Any
) -> None:
    time_machine.move_to(NOW + dt.timedelta(days=1, hours=2), tick=False)
    Escalation.objects.create(
        complaint=complaint, kind="breach", clock="response", day=TODAY, recipient=cast.mona, at=LATER
    )
    page = get(as_(cast.serge), complaint)
    assert "over by 2 h" in page
    assert "Time is over: first response" in page and "told to Mona Example" in page
    assert "escalated" in page


def test_one_timeline_newest_first(cast: Cast, complaint: Complaint, as_: Callable[[User], Client]) -> None:
    workflow.say(
        complaint=complaint, kind="internal", words="Smells of oil", uuid=uuid.uuid4(), **done(cast.rita)
    )
    workflow.assign(
        complaints=[complaint], assignee=cast.serge, **done(cast.mona, now=LATER + dt.timedelta(minutes=1))
    )
    page = get(as_(cast.serge), complaint)
    timeline = page[page.index('id="h-timeline"') :]
    order = ["Assigned to Serge Example, before to Rita Example.", "Smells of oil", "Filed"]
    places = [timeline.index(words) for words in order]
    assert places == sorted(places)
    assert 'data-kind="internal"' in timeline


def test_who_does_not_see_the_account_finds_nothing(
    cast: Cast, complaint: Complaint, as_: Callable[[User], Client]
) -> None:
    client = as_(cast.otto)
    assert client.get(reverse("complaint:page", args=[complaint.pk])).status_code == 404
    assert post(client, complaint, "act", act="acknowledge").status_code == 404
    assert now_of(complaint).state == "new"


def test_similar_ones_are_named_only_where_they_are_seen(
    cast: Cast, complaint: Complaint, as_: Callable[[User], Client]
) -> None:
    ComplaintFactory(account=cast.quarry, number="R-HIDDEN", outcome="accepted", opened_on=TODAY)
    ComplaintFactory(account=cast.acme, number="R-SEEN", outcome="rejected", opened_on=TODAY)
    page = get(as_(cast.rita), complaint)
    assert "1 accepted, 1 rejected" in page
    assert "R-SEEN" in page and "R-HIDDEN" not in page


def test_statements_do_not_grow_with_what_happened(
    cast: Cast, complaint: Complaint, as_: Callable[[User], Client]
) -> None:
    client = as_(cast.serge)
    get(client, complaint)
    with CaptureQueriesContext(connection) as few:
        get(client, complaint)
    for number in range(20):
        ComplaintMessageFactory(complaint=complaint, author=cast.rita, words=f"No {number}")
        ComplaintFactory(account=cast.acme, opened_on=TODAY)
    with CaptureQueriesContext(connection) as many:
        get(client, complaint)
    assert len(many) == len(few)


# What it does --------------------------------------------------------------------------------------------------------
def test_from_new_to_closed_and_back(cast: Cast, complaint: Complaint, as_: Callable[[User], Client]) -> None:
    client = as_(cast.mona)
    assert post(client, complaint, "act", act="acknowledge", note="Called").status_code == 302
    assert now_of(complaint).state == "acknowledged"
    post(client, complaint, "decide", outcome="accepted", amount="", reason="")
    found = now_of(complaint)
    assert (found.state, found.granted_cents) == ("decided", 50_000)
    post(client, complaint, "resolve", resolution="credit", root_cause="picking", note="")
    found = now_of(complaint)
    assert (found.state, found.resolution, found.root_cause_id) == ("resolved", "credit", "picking")
    post(client, complaint, "act", act="close")
    assert now_of(complaint).closed_on == TODAY
    assert "Tue 20 Oct, Rita Example asks whether it was solved" in get(client, complaint)
    post(client, complaint, "solved", solved="no", words="Still leaks")
    assert now_of(complaint).solved == "no"
    assert complaint.messages.get(kind="heard").words == "Not solved. Still leaks"
    refused = post(client, complaint, "act", act="reopen", note="")
    assert refused.status_code == 422
    assert "Say why it is opened again." in refused.content.decode()
    post(client, complaint, "act", act="reopen", note="It was not solved")
    assert now_of(complaint).state == "reopened"


def test_only_what_is_open_to_somebody_has_a_button(
    cast: Cast, complaint: Complaint, as_: Callable[[User], Client]
) -> None:
    page = get(as_(cast.serge), complaint)
    assert 'value="acknowledge"' in page and 'value="close"' not in page
    assert reverse("complaint:resolve", args=[complaint.pk]) not in page


@pytest.mark.parametrize(
    ("typed", "cents"), [("120", 12_000), ("1 200,50", 120_050), ("1,200.50", 120_050), ("0", 0)]
)
def test_amounts_as_people_type_them(
    cast: Cast, complaint: Complaint, as_: Callable[[User], Client], typed: str, cents: int
) -> None:
    post(as_(cast.mona), complaint, "decide", outcome="goodwill", amount=typed, reason="")
    assert Decision.objects.get().amount_cents == cents


def test_nothing_typed_is_lost(cast: Cast, complaint: Complaint, as_: Callable[[User], Client]) -> None:
    client = as_(cast.mona)
    refused = post(client, complaint, "decide", outcome="in_part", amount="900", reason="Wear and tear")
    page = refused.content.decode()
    assert refused.status_code == 422
    assert "Accepted in part grants less than was claimed." in page
    assert "Wear and tear" in page and 'value="900"' in page
    refused = post(client, complaint, "decide", outcome="rejected", amount="", reason="")
    assert "Say why it is rejected" in refused.content.decode()
    refused = post(client, complaint, "decide", outcome="goodwill", amount="ten", reason="")
    assert "Write an amount" in refused.content.decode()
    refused = post(client, complaint, "resolve", resolution="", root_cause="")
    assert refused.status_code == 422 and not Decision.objects.exists()


def test_the_advice_stays_beside_the_decision(
    cast: Cast, complaint: Complaint, as_: Callable[[User], Client]
) -> None:
    client = as_(cast.mona)
    post(client, complaint, "decide", outcome="rejected", amount="", reason="Used outdoors")
    decision = Decision.objects.get()
    assert decision.advice.advised == "weigh"
    ComplaintPolicy.objects.update(in_force=False)
    ComplaintPolicy.objects.create(version=9, in_force=True, auto_accept_cents=900_000)
    page = get(client, complaint)
    assert "Rejected" in page and "policy 9" not in page


def test_what_is_the_managers_to_decide_has_no_form_for_others(
    cast: Cast, as_: Callable[[User], Client]
) -> None:
    complaint = file(cast, purchase=None)
    action = reverse("complaint:decide", args=[complaint.pk])
    client = as_(cast.serge)
    page = get(client, complaint)
    assert "Nothing that it names was bought from us." in page
    assert "A manager or an admin decides this one." in page and action not in page
    assert post(client, complaint, "decide", outcome="accepted", amount="").status_code == 422
    assert action in get(as_(cast.mona), complaint)


def test_a_second_person_approves_on_the_same_page(
    cast: Cast, complaint: Complaint, as_: Callable[[User], Client]
) -> None:
    client = as_(cast.serge)
    post(client, complaint, "decide", outcome="goodwill", amount="2000", reason="A good customer")
    decision = Decision.objects.get()
    assert decision.approval == "pending"
    page = get(client, complaint)
    look = reverse("complaint:second_look", args=[complaint.pk, decision.pk])
    assert "You decided it" in page and look not in page
    assert post(client, complaint, "second_look", decision.pk, look="approve").status_code == 422

    client = as_(cast.mona)
    page = get(client, complaint)
    assert look in page and "Goodwill, 2,000.00 €" in page and "A good customer" in page
    refused = post(client, complaint, "second_look", decision.pk, look="refuse", note="")
    assert "Say why you do not agree." in refused.content.decode()
    post(client, complaint, "second_look", decision.pk, look="approve", note="Fine")
    decision.refresh_from_db()
    assert (decision.approval, decision.approved_by, decision.approval_note) == (
        "approved",
        cast.mona,
        "Fine",
    )
    assert now_of(complaint).state == "decided"


def test_a_decision_of_another_complaint_is_not_found(
    cast: Cast, complaint: Complaint, as_: Callable[[User], Client]
) -> None:
    client = as_(cast.serge)
    post(client, complaint, "decide", outcome="goodwill", amount="2000", reason="")
    other = file(cast)
    found = post(as_(cast.mona), other, "second_look", Decision.objects.get().pk, look="approve")
    assert found.status_code == 404


def test_the_second_of_two_is_told_what_happened(
    cast: Cast, complaint: Complaint, as_: Callable[[User], Client]
) -> None:
    workflow.decide(
        complaint=complaint,
        outcome="accepted",
        amount_cents=50_000,
        reason="",
        **done(cast.mona, now=LATER - dt.timedelta(minutes=5)),
    )
    refused = post(as_(cast.serge), complaint, "decide", outcome="rejected", amount="", reason="Too late now")
    page = refused.content.decode()
    assert refused.status_code == 422
    assert "Somebody was quicker." in page and "by Mona Example" in page
    assert Decision.objects.get().outcome == "accepted"


@pytest.mark.parametrize("note", ["", "Too much"])
def test_the_second_of_two_second_persons_is_told_who_was_quicker(
    cast: Cast, complaint: Complaint, as_: Callable[[User], Client], note: str
) -> None:
    post(as_(cast.serge), complaint, "decide", outcome="goodwill", amount="2000", reason="A good customer")
    decision = Decision.objects.get()
    post(as_(cast.mona), complaint, "second_look", decision.pk, look="approve", note="Fine")
    refused = post(as_(cast.ada), complaint, "second_look", decision.pk, look="refuse", note=note)
    page = refused.content.decode()
    assert refused.status_code == 422
    assert "Somebody was quicker." in page and "by Mona Example" in page
    decision.refresh_from_db()
    assert decision.approval == "approved"


def test_what_is_incomplete_and_too_late_is_not_dropped_without_a_word(
    cast: Cast, complaint: Complaint, as_: Callable[[User], Client]
) -> None:
    client = as_(cast.serge)
    post(as_(cast.mona), complaint, "decide", outcome="accepted", amount="500", reason="")
    page = post(client, complaint, "decide", outcome="", amount="much").content.decode()
    assert "Somebody was quicker." in page and "by Mona Example" in page


# Messages ------------------------------------------------------------------------------------------------------------
def test_a_message_sent_twice_is_written_once(
    cast: Cast, complaint: Complaint, as_: Callable[[User], Client]
) -> None:
    client = as_(cast.serge)
    identity = str(uuid.uuid4())
    for _time in (1, 2):
        answer = post(
            client, complaint, "say", uuid=identity, kind="told", channel="phone", words="We look into it"
        )
        assert answer.status_code == 302
    message = ComplaintMessage.objects.get()
    assert (message.kind, message.channel, message.author) == ("told", "phone", cast.serge)
    assert now_of(complaint).state == "acknowledged"


def test_an_empty_message_keeps_what_was_chosen(
    cast: Cast, complaint: Complaint, as_: Callable[[User], Client]
) -> None:
    refused = post(
        as_(cast.serge), complaint, "say", uuid=str(uuid.uuid4()), kind="heard", channel="email", words=" "
    )
    page = refused.content.decode()
    assert refused.status_code == 422 and "Write something." in page
    assert '<option value="email" selected>' in page


# Who works on it ------------------------------------------------------------------------------------------------------
def test_assign_and_back(cast: Cast, complaint: Complaint, as_: Callable[[User], Client]) -> None:
    client = as_(cast.serge)
    refused = post(client, complaint, "assign", assignee=cast.otto.pk)
    assert refused.status_code == 422  # he does not see the account
    answer = post(client, complaint, "assign", assignee=cast.serge.pk)
    assert now_of(complaint).assignee == cast.serge
    undo(client, answer)
    assert now_of(complaint).assignee == cast.rita


def test_recategorise_and_back(cast: Cast, complaint: Complaint, as_: Callable[[User], Client]) -> None:
    client = as_(cast.serge)
    assert post(client, complaint, "recategorise", category="question").status_code == 422
    answer = post(client, complaint, "recategorise", category="late_delivery")
    assert now_of(complaint).category_id == "late_delivery"
    assert complaint.messages.get().words == "Category Late delivery, before Quality below promise."
    undo(client, answer)
    assert now_of(complaint).category_id == "quality"


# Taking back ----------------------------------------------------------------------------------------------------------
def test_a_step_is_taken_back(cast: Cast, complaint: Complaint, as_: Callable[[User], Client]) -> None:
    client = as_(cast.serge)
    before = now_of(complaint)
    answer = post(client, complaint, "act", act="wait")
    assert now_of(complaint).due_at is None
    undo(client, answer)
    found = now_of(complaint)
    assert (found.state, found.due_at, found.responded_at) == ("new", before.due_at, None)
    assert found.steps.count() == 1


def test_a_decision_is_taken_back_with_its_advice(
    cast: Cast, complaint: Complaint, as_: Callable[[User], Client]
) -> None:
    client = as_(cast.mona)
    answer = post(client, complaint, "decide", outcome="accepted", amount="", reason="")
    undo(client, answer)
    found = now_of(complaint)
    assert (found.state, found.outcome, found.granted_cents, found.decided_at) == ("new", "", None, None)
    assert not Decision.objects.exists() and not complaint.advices.exists()


def test_an_approval_is_taken_back_and_waits_again(cast: Cast, complaint: Complaint) -> None:
    decision = workflow.decide(
        complaint=complaint, outcome="goodwill", amount_cents=200_000, reason="", **done(cast.serge)
    )
    then = LATER + dt.timedelta(minutes=1)
    workflow.approve(decision=decision, **done(cast.mona, now=then))
    step = complaint.steps.get(to_state="decided")
    workflow.take_back_step(complaint=complaint, step_id=step.pk, **done(cast.mona, now=then))
    decision.refresh_from_db()
    assert (decision.approval, decision.approved_by) == ("pending", None)
    found = now_of(complaint)
    assert (found.state, found.outcome) == ("in_progress", "")


def test_a_decision_that_waits_is_taken_back(cast: Cast, complaint: Complaint) -> None:
    decision = workflow.decide(
        complaint=complaint, outcome="goodwill", amount_cents=200_000, reason="", **done(cast.serge)
    )
    with pytest.raises(NotAllowed):
        workflow.take_back_decision(complaint=complaint, decision_id=decision.pk, **done(cast.mona))
    workflow.take_back_decision(complaint=complaint, decision_id=decision.pk, **done(cast.serge))
    assert not Decision.objects.exists()
    assert now_of(complaint).state == "new"


def test_resolution_and_closing_are_taken_back_with_what_they_asked_of_the_queue(
    cast: Cast, complaint: Complaint
) -> None:
    def minutes(number: int) -> dict[str, Any]:
        return done(cast.mona, now=LATER + dt.timedelta(minutes=number))

    workflow.decide(complaint=complaint, outcome="accepted", amount_cents=50_000, reason="", **minutes(0))
    cause = RootCause.objects.get(pk="picking")
    workflow.resolve(complaint=complaint, resolution="credit", root_cause=cause, **minutes(1))
    urgent = AgendaItem.objects.filter(source=f"complaint:{complaint.pk}")
    assert not urgent.open().exists()
    workflow.close(complaint=complaint, **minutes(2))
    after = AgendaItem.objects.filter(source=f"complaint:{complaint.pk}:after")
    assert after.open().exists()

    def take_back(state: str) -> Complaint:
        step = complaint.steps.get(to_state=state)
        return workflow.take_back_step(complaint=complaint, step_id=step.pk, **minutes(3))

    with pytest.raises(WrongState):
        take_back("resolved")  # it was closed after that
    found = take_back("closed")
    assert (found.state, found.closed_on) == ("resolved", None) and not after.open().exists()
    cast.acme.refresh_from_db()
    assert cast.acme.open_complaints == 1
    found = take_back("resolved")
    assert (found.state, found.resolution, found.root_cause, found.resolved_on) == ("decided", "", None, None)
    assert urgent.open().count() == 1


def test_opening_again_is_taken_back(cast: Cast, complaint: Complaint) -> None:
    def minutes(number: int) -> dict[str, Any]:
        return done(cast.mona, now=LATER + dt.timedelta(minutes=number))

    workflow.decide(complaint=complaint, outcome="accepted", amount_cents=50_000, reason="", **minutes(0))
    cause = RootCause.objects.get(pk="picking")
    workflow.resolve(complaint=complaint, resolution="credit", root_cause=cause, **minutes(1))
    workflow.close(complaint=complaint, **minutes(2))
    workflow.reopen(complaint=complaint, note="Leaks again", **minutes(3))
    step = complaint.steps.get(to_state="reopened")
    found = workflow.take_back_step(complaint=complaint, step_id=step.pk, **minutes(4))
    assert (found.state, found.closed_on, found.resolved_on) == ("closed", TODAY, TODAY)
    cast.acme.refresh_from_db()
    assert cast.acme.open_complaints == 0
    assert AgendaItem.objects.open().get().source == f"complaint:{complaint.pk}:after"


def test_a_message_is_taken_back_with_the_step_it_brought(
    cast: Cast, complaint: Complaint, as_: Callable[[User], Client]
) -> None:
    client = as_(cast.serge)
    answer = post(client, complaint, "say", uuid=str(uuid.uuid4()), kind="told", words="Oops", channel="")
    assert now_of(complaint).state == "acknowledged"
    undo(client, answer)
    assert now_of(complaint).state == "new" and not complaint.messages.exists()


@pytest.mark.parametrize("who", ["somebody else", "too late", "something followed"])
def test_what_stays(cast: Cast, complaint: Complaint, who: str) -> None:
    workflow.acknowledge(complaint=complaint, **done(cast.serge))
    step = complaint.steps.get(to_state="acknowledged")
    actor, now = cast.serge, LATER + dt.timedelta(minutes=2)
    if who == "somebody else":
        actor = cast.mona
    elif who == "too late":
        now = LATER + dt.timedelta(minutes=16)
    else:
        ComplaintMessageFactory(complaint=complaint, at=LATER + dt.timedelta(minutes=1))
    with pytest.raises((NotAllowed, WrongState)):
        workflow.take_back_step(complaint=complaint, step_id=step.pk, **done(actor, now=now))
    assert now_of(complaint).state == "acknowledged"


def test_what_was_filed_by_mistake_goes_with_all_it_asked_for(
    cast: Cast, complaint: Complaint, as_: Callable[[User], Client], time_machine: Any
) -> None:
    time_machine.move_to(NOW + dt.timedelta(minutes=5), tick=False)
    kept = file(cast)
    assert AgendaItem.objects.open().count() == 2
    page = post(as_(cast.serge), complaint, "undo_filing")
    assert page["Location"] == reverse("accounts:detail", args=[cast.acme.pk])
    assert list(Complaint.objects.all()) == [kept]
    cast.acme.refresh_from_db()
    assert cast.acme.open_complaints == 1
    assert AgendaItem.objects.open().get().source == f"complaint:{kept.pk}"


@pytest.mark.parametrize("who", ["somebody else", "too late", "something followed"])
def test_a_complaint_that_others_work_on_stays(cast: Cast, complaint: Complaint, who: str) -> None:
    actor, now = cast.serge, NOW + dt.timedelta(minutes=10)
    if who == "somebody else":
        actor = cast.mona
    elif who == "too late":
        now = NOW + dt.timedelta(minutes=16)
    else:
        workflow.acknowledge(complaint=complaint, **done(cast.serge, now=NOW + dt.timedelta(minutes=1)))
    with pytest.raises((NotAllowed, WrongState)):
        workflow.take_back_filing(complaint=complaint, **done(actor, now=now))
    assert Complaint.objects.filter(pk=complaint.pk).exists()


def test_the_step_of_filing_alone_is_not_taken_back(cast: Cast, complaint: Complaint) -> None:
    with pytest.raises(WrongState):
        workflow.take_back_step(complaint=complaint, step_id=complaint.steps.get().pk, **done(cast.serge))


def test_a_question_is_answered_not_decided(cast: Cast, as_: Callable[[User], Client]) -> None:
    question = file(
        cast,
        category=ComplaintCategory.objects.get(pk="question"),
        subject="When?",
        wanted="",
        claim_cents=None,
    )
    client = as_(cast.serge)
    page = get(client, question)
    assert reverse("complaint:decide", args=[question.pk]) not in page
    post(client, question, "resolve", resolution="", note="Next week")
    assert now_of(question).state == "resolved"


# Contacts about it ---------------------------------------------------------------------------------------------------
def rang(cast: Cast, item: AgendaItem, **given: Any) -> Touchpoint:
    """Rita makes the call that the agenda item asks for."""
    item.refresh_from_db()
    values = {"channel": "phone", "outcome": "new_information", "note": "Wants it replaced."} | given
    return log_contact(
        actor=cast.rita,
        account=item.account,
        uuid=uuid.uuid4(),
        now=LATER,
        today=TODAY,
        follow_up=item.follow_up,
        **values,
    )


def asked_by(complaint: Complaint) -> AgendaItem:
    return AgendaItem.objects.get(source=f"complaint:{complaint.pk}", state="open")


def test_the_owners_call_stands_on_the_timeline(
    cast: Cast, complaint: Complaint, as_: Callable[[User], Client]
) -> None:
    call = rang(cast, asked_by(complaint))
    page = get(as_(cast.serge), complaint)
    entry = page[page.index('<li data-kind="contact">') :]
    entry = entry[: entry.index("</li>")]
    for words in ("Phone · New information", "Wants it replaced.", "Rita Example"):
        assert words in entry
    # The agent cannot correct it, and reads it where all contacts are.
    assert f'href="{reverse("accounts:tab", args=[cast.acme.pk, "timeline"])}"' in entry
    own = reverse("contacts:touchpoint", args=[call.pk])
    assert own not in entry and f'href="{own}"' in get(as_(cast.rita), complaint)
    delete_touchpoint(touchpoint=call, actor=cast.rita, now=LATER, today=TODAY)
    assert 'data-kind="contact"' not in get(as_(cast.serge), complaint)


def test_only_what_the_call_dealt_with_and_only_of_this_complaint(cast: Cast, complaint: Complaint) -> None:
    def about(one: Complaint, user: User = cast.serge) -> list[Touchpoint]:
        return list(asking.contacts_about(one, user=user, today=TODAY))

    other = file(cast)  # asked for by the same follow-up
    item = asked_by(complaint)
    left_out = rang(cast, item, items_done=[])  # spoke of something else: it is asked again
    assert about(complaint) == [] and asked_by(complaint).pk != item.pk
    missed = rang(cast, asked_by(complaint), outcome="not_reached")
    assert about(complaint) == [missed]
    reached = rang(cast, asked_by(complaint), items_done=[asked_by(complaint).pk])
    assert set(about(complaint)) == {missed, reached} and left_out not in about(complaint)
    assert about(other) == [missed]
    assert about(complaint, cast.otto) == []


def ask(account: Account, source: str) -> AgendaItem:
    item = request_contact(
        account=account,
        reason=Reason.MANUAL,
        source=source,
        words="About a complaint",
        channel="phone",
        minutes=10,
        due=TODAY,
        today=TODAY,
        now=NOW,
    )
    assert item is not None
    return item


@pytest.mark.parametrize(
    ("source", "account", "stands"),
    [
        ("complaint:{}:1", "acme", True),
        ("complaint:{}:after", "acme", True),
        ("trigger:3:complaint:{}", "acme", True),
        ("complaint:{}:outreach", "brewery", False),
        ("complaint:{}0", "acme", False),
        ("trigger:3:complaint:1{}", "acme", False),
        ("trigger:3:purchase:{}", "acme", False),
    ],
)
def test_what_else_is_asked_for_because_of_it(
    cast: Cast, complaint: Complaint, source: str, account: str, stands: bool
) -> None:
    call = rang(cast, ask(getattr(cast, account), source.format(complaint.pk)))
    assert list(asking.contacts_about(complaint, user=cast.ada, today=TODAY)) == [call] * stands


@pytest.mark.parametrize("source", ["complaint:{}:after", "complaint:{}:outreach", "trigger:3:complaint:{}"])
def test_what_is_asked_for_afterwards_leads_to_the_complaint(
    cast: Cast,
    complaint: Complaint,
    source: str,
    as_: Callable[[User], Client],
    time_machine: Any,
) -> None:
    """By its words, without the time left: it is not late because the complaint is."""
    time_machine.move_to(NOW + dt.timedelta(days=2), tick=False)
    item = ask(cast.brewery, source.format(complaint.pk))
    where = f'<a href="{reverse("complaint:page", args=[complaint.pk])}">About a complaint</a>'
    address = reverse("contacts:follow_up", args=[item.follow_up_id])
    assert cast.brewery.owner is not None
    for user in (cast.brewery.owner, cast.mona, cast.ada):
        page = as_(user).get(address, headers={"HX-Request": "true"}).content.decode()
        sees = Complaint.objects.visible_to(user, on=TODAY).filter(pk=complaint.pk).exists()
        assert "About a complaint" in page and (where in page) == sees
        assert "over by" not in page
    assert "over by" not in as_(cast.brewery.owner).get("/today/").content.decode()


def test_another_trigger_asks_no_complaint(cast: Cast, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        sources = {"trigger:3:purchase:17", "trigger:3:lapsing:2026"}
        assert AfterClosing().notes(sources, user=cast.ada, today=TODAY, now=NOW) == {}
