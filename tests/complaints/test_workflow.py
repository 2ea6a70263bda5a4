"""From filing to closing and back: who may do what, what follows, and what is refused."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import pytest

from complaints import filing, workflow
from complaints.errors import BadInput, ComplaintError, NotAllowed, WrongState
from complaints.filing import Filed
from complaints.models import Complaint, ComplaintCategory, Decision, RootCause
from contacts.models import AgendaItem
from crm.team.models import User
from tests.support.cast import Cast
from tests.support.factories import PurchaseFactory

NOW = dt.datetime(2026, 10, 13, 8, 0, tzinfo=dt.UTC)  # a Tuesday, 10:00 in Warsaw
TODAY = dt.date(2026, 10, 13)
LATER = NOW + dt.timedelta(hours=1)

pytestmark = pytest.mark.django_db


def category(code: str = "quality") -> ComplaintCategory:
    return ComplaintCategory.objects.get(pk=code)


def file(cast: Cast, actor: User | None = None, **fields: Any) -> Complaint:
    values: dict[str, Any] = {"category": category(), "words": "It leaks.", "claim_cents": 5_000} | fields
    if "purchase" not in values and values["category"].kind == "complaint":
        values["purchase"] = PurchaseFactory(account=cast.acme)
    return filing.file_complaint(
        account=cast.acme,
        filed=Filed(**values),
        uuid=uuid.uuid4(),
        actor=actor or cast.serge,
        today=TODAY,
        now=NOW,
    )


def done(actor: User, **given: Any) -> dict[str, Any]:
    return {"actor": actor, "today": TODAY, "now": LATER, **given}


def decided(complaint: Complaint, actor: User, **given: Any) -> Decision:
    values = {"outcome": "accepted", "amount_cents": 5_000, "reason": ""} | given
    return workflow.decide(complaint=complaint, **done(actor, **values))


def urgent(complaint: Complaint) -> AgendaItem:
    return AgendaItem.objects.get(source=f"complaint:{complaint.pk}")


def test_filing_begins_the_clock_and_tells_the_owner(cast: Cast) -> None:
    complaint = file(cast)
    assert complaint.number == f"R-2026-{complaint.pk:05d}"
    assert complaint.assignee == cast.rita and complaint.taken_by == cast.serge
    step = complaint.steps.get()
    assert (step.from_state, step.to_state, step.at, step.actor) == ("", "new", NOW, cast.serge)
    assert complaint.due_at == complaint.response_due_at and complaint.due_at is not None
    cast.acme.refresh_from_db()
    assert cast.acme.open_complaints == 1
    item = urgent(complaint)
    assert item.follow_up is not None
    assert (item.follow_up.assignee, item.due, item.state) == (cast.rita, TODAY, "open")


def test_the_same_form_files_once(cast: Cast) -> None:
    identity = uuid.uuid4()
    given: dict[str, Any] = {
        "account": cast.acme,
        "filed": Filed(category=category(), words="It leaks."),
        "uuid": identity,
        "today": TODAY,
        "now": NOW,
    }
    first = filing.file_complaint(**given, actor=cast.serge)
    assert filing.file_complaint(**given, actor=cast.serge) == first
    with pytest.raises(BadInput):
        filing.file_complaint(**given, actor=cast.ada)
    assert Complaint.objects.count() == 1 and AgendaItem.objects.count() == 1


def test_who_does_not_see_the_account_files_nothing(cast: Cast) -> None:
    with pytest.raises(NotAllowed):
        file(cast, actor=cast.otto)
    assert not Complaint.objects.exists()


@pytest.mark.parametrize(
    ("field", "given"),
    [
        ("words", {"words": "  "}),
        ("claim", {"claim_cents": -1}),
        ("channel", {"channel": "pigeon"}),
        ("answer_by", {"answer_by": LATER}),
        ("subject", {"category": "question", "claim_cents": None}),
        ("claim", {"category": "question", "subject": "Price"}),
        ("answer_by", {"category": "question", "subject": "Price", "claim_cents": None, "answer_by": NOW}),
    ],
)
def test_what_no_complaint_can_have(cast: Cast, field: str, given: dict[str, Any]) -> None:
    given = given | {"category": category(given.get("category", "quality"))}
    with pytest.raises(BadInput) as refused:
        file(cast, **given)
    assert refused.value.field == field
    assert not Complaint.objects.exists()


def test_a_purchase_and_lines_of_another_account(cast: Cast) -> None:
    foreign = PurchaseFactory(account=cast.brewery)
    with pytest.raises(BadInput) as refused:
        file(cast, purchase=foreign)
    assert refused.value.field == "purchase"


def test_from_new_to_closed(cast: Cast) -> None:
    complaint = file(cast)
    complaint = workflow.acknowledge(complaint=complaint, **done(cast.rita))
    assert complaint.responded_at == LATER and complaint.response_over is not None
    complaint = workflow.start(complaint=complaint, **done(cast.rita))
    complaint = workflow.wait_for_customer(complaint=complaint, **done(cast.rita))
    assert complaint.due_at is None
    complaint = workflow.customer_answered(complaint=complaint, **done(cast.rita))
    assert complaint.state == "in_progress" and complaint.due_at is not None
    decided(complaint, cast.serge)
    complaint.refresh_from_db()
    assert (complaint.state, complaint.outcome, complaint.granted_cents) == ("decided", "accepted", 5_000)
    cause = RootCause.objects.get(pk="transport")
    complaint = workflow.resolve(
        complaint=complaint, **done(cast.rita, resolution="credit", root_cause=cause)
    )
    assert complaint.resolution_over is not None and complaint.resolution_over < 0
    assert urgent(complaint).state == "withdrawn"
    complaint = workflow.close(complaint=complaint, **done(cast.rita))
    assert complaint.closed_on == TODAY
    cast.acme.refresh_from_db()
    assert cast.acme.open_complaints == 0
    after = AgendaItem.objects.get(source=f"complaint:{complaint.pk}:after")
    assert after.due == dt.date(2026, 10, 20) and complaint.number in after.words
    assert [step.to_state for step in complaint.steps.all()] == [
        "new",
        "acknowledged",
        "in_progress",
        "waiting",
        "in_progress",
        "decided",
        "resolved",
        "closed",
    ]


def closed(cast: Cast) -> Complaint:
    complaint = file(cast)
    decided(complaint, cast.serge)
    cause = RootCause.objects.get(pk="none")
    complaint = workflow.resolve(
        complaint=complaint, **done(cast.serge, resolution="apology", root_cause=cause)
    )
    return workflow.close(complaint=complaint, **done(cast.serge))


def test_opened_again_it_is_urgent_again_and_its_clock_goes_on(cast: Cast) -> None:
    complaint = closed(cast)
    used = complaint.resolution_used
    with pytest.raises(BadInput):
        workflow.reopen(complaint=complaint, **done(cast.serge, note=" "))
    complaint = workflow.reopen(complaint=complaint, **done(cast.serge, note="Leaks again."))
    assert (complaint.state, complaint.closed_on, complaint.resolution_used) == ("reopened", None, used)
    assert complaint.responded_at == LATER
    assert AgendaItem.objects.get(source=f"complaint:{complaint.pk}:1").state == "open"
    assert AgendaItem.objects.get(source=f"complaint:{complaint.pk}:after").state == "withdrawn"
    cast.acme.refresh_from_db()
    assert cast.acme.open_complaints == 1


def test_the_pulse_is_kept_and_opens_nothing(cast: Cast) -> None:
    complaint = closed(cast)
    said = workflow.say_solved(complaint=complaint, **done(cast.rita, solved="no", words="Still leaks."))
    assert (said.solved, said.solved_on, said.state) == ("no", TODAY, "closed")
    assert complaint.messages.get().kind == "heard"


def test_an_answer_before_closing_stays_and_nobody_asks_again(cast: Cast) -> None:
    complaint = file(cast)
    decided(complaint, cast.serge)
    cause = RootCause.objects.get(pk="none")
    complaint = workflow.resolve(
        complaint=complaint, **done(cast.serge, resolution="apology", root_cause=cause)
    )
    workflow.say_solved(complaint=complaint, **done(cast.serge, solved="partly"))
    complaint = workflow.close(complaint=complaint, **done(cast.serge))
    assert (complaint.solved, complaint.solved_on) == ("partly", TODAY)
    assert not AgendaItem.objects.filter(source=f"complaint:{complaint.pk}:after").exists()
    assert complaint.messages.get().words == "Solved in part"
    again = workflow.reopen(complaint=complaint, **done(cast.serge, note="Leaks again."))
    assert (again.solved, again.solved_on) == ("", None)


def test_a_question_is_answered_not_decided(cast: Cast) -> None:
    asked = file(cast, category=category("question"), subject="Price?", claim_cents=None)
    assert asked.number.startswith("Q-")
    with pytest.raises(WrongState):
        decided(asked, cast.ada)
    answered = workflow.resolve(complaint=asked, **done(cast.serge, resolution="", root_cause=None))
    assert (answered.state, answered.resolution) == ("resolved", "explanation")
    cast.acme.refresh_from_db()
    assert cast.acme.open_complaints == 0  # questions are no complaints


def test_a_large_amount_needs_a_second_person(cast: Cast) -> None:
    complaint = file(cast, claim_cents=250_000)
    decision = decided(complaint, cast.mona, amount_cents=250_000)
    complaint.refresh_from_db()
    assert (decision.approval, complaint.state, complaint.outcome) == ("pending", "in_progress", "")
    with pytest.raises(WrongState):
        decided(complaint, cast.ada)
    for actor in (cast.mona, cast.serge, cast.rita, cast.nora):
        with pytest.raises(NotAllowed):
            workflow.approve(decision=decision, **done(actor))
    workflow.approve(decision=decision, **done(cast.ada))
    complaint.refresh_from_db()
    assert (complaint.state, complaint.granted_cents) == ("decided", 250_000)
    with pytest.raises(WrongState):
        workflow.approve(decision=decision, **done(cast.ada))


def test_refused_by_the_second_person_it_is_decided_anew(cast: Cast) -> None:
    complaint = file(cast, claim_cents=250_000)
    decision = decided(complaint, cast.ada, amount_cents=250_000)
    with pytest.raises(BadInput):
        workflow.refuse(decision=decision, **done(cast.mona, note=""))
    workflow.refuse(decision=decision, **done(cast.mona, note="Half is enough."))
    decided(complaint, cast.serge, outcome="in_part", amount_cents=90_000)
    complaint.refresh_from_db()
    assert complaint.outcome == "in_part"
    assert list(complaint.decisions.values_list("approval", flat=True)) == ["not_needed", "refused"]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"outcome": "perhaps"}, "outcome"),
        ({"outcome": "rejected"}, "amount"),
        ({"outcome": "rejected", "amount_cents": 0}, "reason"),
        ({"outcome": "in_part"}, "amount"),
        ({"outcome": "in_part", "amount_cents": 100}, "reason"),  # advised: accept
        ({"amount_cents": -1}, "amount"),
    ],
)
def test_decisions_that_cannot_be(cast: Cast, given: dict[str, Any], field: str) -> None:
    complaint = file(cast)
    with pytest.raises(BadInput) as refused:
        decided(complaint, cast.serge, **given)
    assert refused.value.field == field
    assert not Decision.objects.exists() and not complaint.advices.exists()


def test_what_goes_to_the_manager_is_not_for_others(cast: Cast) -> None:
    complaint = file(cast, suspected_bad_faith=True)
    for actor in (cast.rita, cast.serge):
        with pytest.raises(NotAllowed):
            decided(complaint, actor)
    decision = decided(complaint, cast.mona, outcome="rejected", amount_cents=0, reason="No ground.")
    assert decision.advice.advised == "manager" and not decision.against_advice


def test_against_the_advice_is_kept_with_its_reason(cast: Cast) -> None:
    decision = decided(file(cast), cast.serge, outcome="rejected", amount_cents=0, reason="Used wrongly.")
    assert decision.against_advice and decision.advice.advised == "accept"


@pytest.mark.parametrize("act", ["acknowledge", "start", "wait_for_customer", "close"])
def test_somebody_who_does_not_see_it_does_nothing(cast: Cast, act: str) -> None:
    complaint = file(cast)
    with pytest.raises(NotAllowed):
        getattr(workflow, act)(complaint=complaint, **done(cast.otto))
    assert complaint.steps.count() == 1


def test_what_was_done_meanwhile_is_said(cast: Cast) -> None:
    complaint = file(cast)
    workflow.acknowledge(complaint=complaint, **done(cast.rita))
    with pytest.raises(WrongState, match="acknowledged"):
        workflow.acknowledge(complaint=complaint, **done(cast.serge))
    with pytest.raises(WrongState):
        workflow.close(complaint=complaint, **done(cast.rita))


def test_telling_the_customer_is_the_first_response(cast: Cast) -> None:
    complaint = file(cast)
    given = {"kind": "told", "words": "We look into it.", "channel": "email", "uuid": uuid.uuid4()}
    for _twice in range(2):
        workflow.say(complaint=complaint, **done(cast.rita, **given))
    complaint.refresh_from_db()
    assert complaint.state == "acknowledged" and complaint.messages.count() == 1
    workflow.say(complaint=complaint, **done(cast.rita, kind="internal", words="x", uuid=uuid.uuid4()))
    workflow.wait_for_customer(complaint=complaint, **done(cast.rita))
    workflow.say(complaint=complaint, **done(cast.rita, kind="heard", words="Photo.", uuid=uuid.uuid4()))
    complaint.refresh_from_db()
    assert complaint.state == "in_progress"


def test_assigning_many_and_back(cast: Cast) -> None:
    first, second = file(cast), file(cast)
    before = workflow.assign(complaints=[first, second], assignee=cast.serge, actor=cast.mona, today=TODAY)
    assert before == [(first.pk, cast.rita.pk), (second.pk, cast.rita.pk)]
    with pytest.raises(NotAllowed):
        workflow.assign(complaints=[first], assignee=cast.otto, actor=cast.mona, today=TODAY)
    with pytest.raises(NotAllowed):
        workflow.assign(complaints=[first], assignee=cast.serge, actor=cast.otto, today=TODAY)


def test_another_category_has_another_level(cast: Cast) -> None:
    cast.acme.tier = "A"
    cast.acme.save()
    complaint = file(cast)
    late = workflow.recategorise(
        complaint=complaint, category=category("late_delivery"), actor=cast.rita, today=TODAY
    )
    assert (complaint.response_allowed, late.response_allowed) == (120, 60)
    with pytest.raises(ComplaintError):
        workflow.recategorise(
            complaint=complaint, category=category("question"), actor=cast.rita, today=TODAY
        )
