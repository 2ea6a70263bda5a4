"""Correcting what was filed: a slip at the phone must not decide who may decide, or what is advised."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from django.utils.translation import gettext as _

from accounts.models import ContactPerson, Product, Purchase
from complaints.errors import BadInput, WrongState
from complaints.models import Complaint, Decision, State
from complaints.workflow.states import held, require, was_decided
from complaints.workflow.talking import note_changes
from crm.look.figures import currency, money_exact
from crm.team.models import User


@dataclass(frozen=True)
class About:
    """What it is about, as it is filed or is to be. The claim is in cents of the base currency; None: not said."""

    purchase: Purchase | None
    product: Product | None
    batch: str
    claim: int | None
    subject: str
    wanted: str
    person: ContactPerson | None
    suspected_bad_faith: bool

    @classmethod
    def of(cls, complaint: Complaint) -> About:
        """As it is filed now."""
        return cls(
            complaint.purchase,
            complaint.product,
            complaint.batch,
            complaint.claim_cents,
            complaint.subject,
            complaint.wanted,
            complaint.person,
            complaint.suspected_bad_faith,
        )

    def plain(self) -> dict[str, Any]:
        """What a form is filled with, and carries along to say what somebody saw: numbers, texts and ids."""
        return {
            "purchase": self.purchase.number if self.purchase else "",
            "product": self.product.pk if self.product else None,
            "batch": self.batch,
            "claim": self.claim,
            "subject": self.subject,
            "wanted": self.wanted,
            "person": self.person.pk if self.person else None,
            "suspected_bad_faith": self.suspected_bad_faith,
        }

    def in_words(self) -> dict[str, tuple[str, str]]:
        """The name and the words of each part, by the field of the form."""
        claim = "" if self.claim is None else f"{money_exact(self.claim)} {currency()}"
        words = (
            (_("Purchase"), str(self.purchase or "")),
            (_("Product"), f"{self.product} ({self.product.code})" if self.product else ""),
            (_("Batch"), self.batch),
            (_("Claim"), claim),
            (_("In short"), self.subject),
            (_("What they want"), self.wanted),
            (_("Who complained"), str(self.person or "")),
            (_("Bad faith suspected"), _("yes") if self.suspected_bad_faith else _("no")),
        )
        return {
            part.name: (name, said or _("none"))
            for part, (name, said) in zip(fields(self), words, strict=True)
        }


def correct(
    *,
    complaint: Complaint,
    to: About,
    seen: Mapping[str, Any],
    actor: User,
    today: dt.date,
    now: dt.datetime | None = None,
) -> Complaint:
    """Correct what was filed, and say in the timeline what stood there before.

    seen: what the form was filled with (`About.plain`); where it reads otherwise by now, WrongState is raised and
    nothing is written. Another purchase brings the product of its first line where none is given, and the lines that
    are named follow from purchase and product. now: None for the moment of the call. Raises BadInput with the field.
    """
    with held(complaint, actor=actor, today=today) as found:
        check_correctable(found)
        before = About.of(found)
        if before.plain() != seen:
            raise WrongState(_("Somebody corrected it while you were writing. Look at it, then save again."))
        _check(found, to)
        other = to.purchase != before.purchase
        product = to.product
        if to.purchase is not None and other and product is None:
            first = to.purchase.lines.select_related("product").order_by("position").first()
            product = first.product if first else None
        elif to.purchase is not None and product is not None and (other or product != before.product):
            _check_product(to.purchase, product)
        found.purchase, found.product, found.person = to.purchase, product, to.person
        found.batch, found.subject, found.wanted = to.batch.strip(), to.subject.strip(), to.wanted.strip()
        found.claim_cents, found.suspected_bad_faith = to.claim, to.suspected_bad_faith
        changes = _changes(before, About.of(found))
        if not changes:
            return found
        found.save(
            update_fields=[
                "purchase",
                "product",
                "person",
                "batch",
                "subject",
                "wanted",
                "claim_cents",
                "suspected_bad_faith",
            ]
        )
        if other or (product is not None and product != before.product):
            named = found.purchase.lines.filter(product=product) if found.purchase and product else ()
            found.lines.set(named)
        note_changes({found.pk: "\n".join(changes)}, actor=actor, now=now)
        return found


def check_correctable(complaint: Complaint) -> None:
    """Raise WrongState once somebody has decided: what the decision was taken on stays as it was."""
    require(complaint, "correct")
    if complaint.decisions.filter(approval=Decision.Approval.PENDING).exists():
        raise WrongState(_("It is decided and waits for a second person: what was filed stays as it was."))
    if complaint.state == State.WAITING and was_decided(complaint):
        raise WrongState(_("It is decided already: what was filed stays as it was."))


def _changes(before: About, after: About) -> list[str]:
    """A sentence for each part that is another."""
    seen, was, words = before.plain(), before.in_words(), after.in_words()
    return [
        _("%(name)s: %(words)s, before: %(before)s")
        % {"name": words[part][0], "words": words[part][1], "before": was[part][1]}
        for part, value in after.plain().items()
        if value != seen[part]
    ]


def _check(complaint: Complaint, to: About) -> None:
    """Raise BadInput, with the field, for what no complaint of the account can have."""
    if complaint.is_question and not to.subject.strip():
        raise BadInput(_("Write what the question is about."), field="subject")
    if complaint.is_question and (to.claim or to.suspected_bad_faith):
        raise BadInput(_("A question has no claim; file a complaint instead."), field="claim")
    if to.claim is not None and to.claim < 0:
        raise BadInput(_("A claim is an amount of 0 or more."), field="claim")
    if to.person is not None and to.person.account_id != complaint.account_id:
        raise BadInput(_("This person belongs to another account."), field="person")
    if to.purchase is not None and to.purchase.account_id != complaint.account_id:
        raise BadInput(_("This purchase belongs to another account."), field="purchase")


def _check_product(purchase: Purchase, product: Product) -> None:
    if not purchase.lines.filter(product=product).exists():
        raise BadInput(_("The purchase has no line of this product."), field="product")
