"""Correcting what was filed: who may, until when, what follows, and what is said of it."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from complaints import workflow
from complaints.errors import BadInput, NotAllowed, WrongState
from complaints.models import Complaint, ComplaintCategory, RootCause
from complaints.workflow import About
from crm.team.models import User
from tests.complaints.test_complaint_page import TODAY, clock, done, file, get, now_of  # noqa: F401
from tests.support.cast import Cast
from tests.support.factories import (
    ContactPersonFactory,
    ProductFactory,
    PurchaseFactory,
    PurchaseLineFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def as_(client: Client) -> Callable[[User], Client]:
    def signed_in(user: User) -> Client:
        client.force_login(user)
        return client

    return signed_in


@pytest.fixture
def bare(cast: Cast) -> Complaint:
    """Filed at the phone with neither purchase nor claim."""
    return file(cast, purchase=None, claim_cents=None)


def address(complaint: Complaint) -> str:
    return reverse("complaint:correct", args=[complaint.pk])


def filled(client: Client, complaint: Complaint) -> dict[str, str]:
    """What the form sends back where nothing is typed."""
    page = client.get(address(complaint))
    form = page.context["form"]
    values = {name: form[name].value() for name in form.fields}
    found = re.search(r'name="seen" value="([^"]*)"', page.content.decode())
    assert found is not None
    sent = {name: str(value) for name, value in values.items() if value not in (None, False)}
    return sent | {"seen": html.unescape(found[1])}


def seen(complaint: Complaint) -> dict[str, Any]:
    return About.of(now_of(complaint)).plain()


def to(complaint: Complaint, **other: Any) -> dict[str, Any]:
    """The arguments of the verb that say this and leave all else."""
    found = now_of(complaint)
    about = {part: getattr(About.of(found), part) for part in About.__dataclass_fields__}
    return {"complaint": found, "seen": seen(found), "to": About(**about | other)}


def test_a_purchase_named_later_gives_the_decision_back_to_the_agent(
    cast: Cast, bare: Complaint, as_: Callable[[User], Client]
) -> None:
    line = PurchaseLineFactory(
        purchase=PurchaseFactory(account=cast.acme, number="FV/7"), product=ProductFactory(name="Pump")
    )
    client = as_(cast.serge)
    page = get(client, bare)
    assert "Nothing that it names was bought from us." in page and address(bare) in page
    answer = client.post(
        address(bare), filled(client, bare) | {"purchase": "fv/7", "claim": "80", "batch": "L 3"}
    )
    assert answer.status_code == 302
    found = now_of(bare)
    assert (found.purchase, found.product, found.claim_cents) == (line.purchase, line.product, 8_000)
    assert list(found.lines.all()) == [line]
    page = get(client, bare)
    assert "Nothing that it names was bought from us." not in page
    assert reverse("complaint:decide", args=[bare.pk]) in page
    note = bare.messages.get()
    assert (note.kind, note.author) == ("internal", cast.serge)
    assert note.words.splitlines() == [
        "Purchase: FV/7, before: none",
        f"Product: Pump ({line.product.code}), before: none",
        "Batch: L 3, before: none",
        "Claim: 80.00 €, before: none",
    ]


def test_the_product_follows_unless_it_is_chosen(cast: Cast) -> None:
    one, other = ProductFactory(), ProductFactory()
    was = PurchaseLineFactory(purchase=PurchaseFactory(account=cast.acme), product=ProductFactory())
    complaint = file(cast, purchase=was.purchase, product=was.product, lines=[was])
    new = PurchaseFactory(account=cast.acme)
    first = PurchaseLineFactory(purchase=new, product=one, position=1)
    second = PurchaseLineFactory(purchase=new, product=other, position=2)
    found = workflow.correct(**to(complaint, purchase=new, product=None), **done(cast.serge))
    assert found.product == one and list(found.lines.all()) == [first]
    found = workflow.correct(**to(complaint, product=other), **done(cast.serge))
    assert found.product == other and list(found.lines.all()) == [second]
    with pytest.raises(BadInput) as refused:
        workflow.correct(**to(complaint, product=was.product), **done(cast.serge))
    assert refused.value.field == "product"
    found = workflow.correct(**to(complaint, purchase=None), **done(cast.serge))
    assert found.product == other and not found.lines.exists()


def test_the_product_of_the_purchase_before_does_not_stay(cast: Cast, as_: Callable[[User], Client]) -> None:
    was = PurchaseLineFactory(purchase=PurchaseFactory(account=cast.acme), product=ProductFactory())
    now = PurchaseLineFactory(purchase=PurchaseFactory(account=cast.acme), product=ProductFactory())
    complaint = file(cast, purchase=was.purchase, product=was.product, lines=[was])
    client = as_(cast.serge)
    client.post(address(complaint), filled(client, complaint) | {"purchase": now.purchase.number})
    assert now_of(complaint).product == now.product


def test_a_mistake_is_said_beside_its_field(
    cast: Cast, bare: Complaint, as_: Callable[[User], Client]
) -> None:
    hidden = PurchaseFactory(account=cast.quarry, number="FV/OTHER")
    client = as_(cast.serge)
    typed = filled(client, bare) | {"purchase": hidden.number, "claim": "much", "wanted": "A new one\r\nsoon"}
    refused = client.post(address(bare), typed)
    page = refused.content.decode()
    assert refused.status_code == 422
    assert "The account has no purchase “FV/OTHER”." in page and "Write an amount" in page
    assert 'value="much"' in page and "soon" in page
    assert now_of(bare).wanted == "A new one" and not bare.messages.exists()


def test_nothing_is_noted_where_nothing_changed(cast: Cast, as_: Callable[[User], Client]) -> None:
    complaint = file(cast, wanted="A new one.\nSoon.", person=ContactPersonFactory(account=cast.acme))
    client = as_(cast.serge)
    typed = filled(client, complaint)
    answer = client.post(address(complaint), typed | {"wanted": typed["wanted"].replace("\n", "\r\n")})
    assert answer.status_code == 302
    assert not complaint.messages.exists()


def test_the_second_of_two_looks_before_what_the_first_wrote_is_lost(
    cast: Cast, bare: Complaint, as_: Callable[[User], Client]
) -> None:
    client = as_(cast.serge)
    mine = filled(client, bare) | {"claim": "90"}
    workflow.correct(**to(bare, batch="L 7", claim=7_000), **done(cast.mona))
    refused = client.post(address(bare), mine)
    page = refused.content.decode()
    assert refused.status_code == 422
    assert "Somebody corrected it while you were writing." in page
    assert "Batch: L 7" in page and "Claim: 70.00 €" in page and 'value="90"' in page
    assert now_of(bare).claim_cents == 7_000
    form = refused.context["form"]
    again = {name: form[name].value() or "" for name in form.fields} | {"seen": refused.context["seen"]}
    again.pop("suspected_bad_faith")
    assert client.post(address(bare), again).status_code == 302
    found = now_of(bare)
    assert (found.claim_cents, found.batch) == (9_000, "L 7")
    with pytest.raises(WrongState):
        workflow.correct(**to(bare) | {"seen": {}}, **done(cast.serge))
    assert client.post(address(bare), {"seen": "[]"}).status_code == 422


@pytest.mark.parametrize("how", ["decided", "pending", "waiting"])
def test_what_was_decided_stays_as_it_was_filed(cast: Cast, how: str, as_: Callable[[User], Client]) -> None:
    complaint = file(cast, purchase=PurchaseFactory(account=cast.acme))
    client = as_(cast.serge)
    mine = filled(client, complaint) | {"claim": "1"}
    amount = 200_000 if how == "pending" else 50_000
    workflow.decide(
        complaint=complaint, outcome="goodwill", amount_cents=amount, reason="", **done(cast.serge)
    )
    if how == "waiting":
        workflow.wait_for_customer(complaint=complaint, **done(cast.serge))
    refused = client.post(address(complaint), mine)
    assert refused.status_code == 422 and 'value="1"' in refused.content.decode()
    assert ("look at it again" if how == "decided" else "stays as it was") in refused.content.decode()
    assert now_of(complaint).claim_cents == 50_000
    assert client.get(address(complaint))["Location"] == reverse("complaint:page", args=[complaint.pk])
    if how != "waiting":
        assert address(complaint) not in get(client, complaint)


def test_only_who_sees_it_and_only_persons_and_purchases_of_the_account(
    cast: Cast, bare: Complaint, as_: Callable[[User], Client]
) -> None:
    for other in (
        {"person": ContactPersonFactory(account=cast.quarry)},
        {"purchase": PurchaseFactory(account=cast.quarry)},
    ):
        with pytest.raises(BadInput):
            workflow.correct(**to(bare, **other), **done(cast.serge))
    with pytest.raises(NotAllowed):
        workflow.correct(**to(bare, batch="L"), **done(cast.otto))
    assert as_(cast.otto).post(address(bare), {"seen": "{}"}).status_code == 404


def test_a_question_has_no_claim(cast: Cast, as_: Callable[[User], Client]) -> None:
    question = file(
        cast,
        category=ComplaintCategory.objects.get(pk="question"),
        subject="When?",
        wanted="",
        claim_cents=None,
    )
    client = as_(cast.serge)
    typed = filled(client, question)
    assert "claim" not in typed
    refused = client.post(address(question), typed | {"subject": ""})
    assert "Write what the question is about." in refused.content.decode()
    client.post(address(question), typed | {"subject": "When does it come?", "claim": "5"})
    found = now_of(question)
    assert (found.subject, found.claim_cents) == ("When does it come?", None)


def test_opened_again_the_timeline_still_says_how_it_had_ended(
    cast: Cast, as_: Callable[[User], Client]
) -> None:
    complaint = file(cast)
    workflow.decide(
        complaint=complaint, outcome="accepted", amount_cents=50_000, reason="", **done(cast.serge)
    )
    cause = RootCause.objects.get(pk="picking")
    workflow.resolve(
        complaint=complaint, resolution="credit", root_cause=cause, note="By post", **done(cast.serge)
    )
    assert complaint.steps.get(to_state="resolved").note == f"Credit · {cause}\nBy post"
    workflow.reopen(complaint=complaint, note="Leaks again", **done(cast.serge))
    page = get(as_(cast.serge), complaint)
    assert f"Credit · {cause}" in page[page.index('id="h-timeline"') :]
    assert now_of(complaint).opened_on == TODAY
