"""Filing a complaint or question: one act, and the owner of the account knows (docs/domain.md, 6)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.db.models import Case, IntegerField, Q, Value, When
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Account, Channel, ContactPerson, Product, Purchase, PurchaseLine
from complaints import clock
from complaints.asking import ask_owner
from complaints.errors import BadInput, NotAllowed
from complaints.facts import refresh_open_complaints
from complaints.models import Complaint, ComplaintCategory, ComplaintStep, Kind, State
from contacts.planning import hold
from crm.team.models import User

SIMILAR_DAYS = 30
"""A complaint of the same account that is so young, or open, may be the same one."""


@dataclass(frozen=True)
class Filed:
    """What somebody wrote into the form. Cents are of the base currency; None: not said."""

    category: ComplaintCategory
    words: str
    subject: str = ""
    wanted: str = ""
    person: ContactPerson | None = None
    channel: str = ""
    purchase: Purchase | None = None
    lines: Sequence[PurchaseLine] = ()
    product: Product | None = None
    batch: str = ""
    claim_cents: int | None = None
    suspected_bad_faith: bool = False
    answer_by: dt.datetime | None = None
    """Of a question: after `now`. None: by the service level."""
    assignee: User | None = None
    """None: the account's owner, else whoever files it."""


@transaction.atomic
def file_complaint(
    *, account: Account, filed: Filed, uuid: UUID, actor: User, today: dt.date, now: dt.datetime
) -> Complaint:
    """File it, begin its clock, and put it urgently on the owner's queue.

    uuid: the form's own identity; a second submit gives what the first one filed. today: the local day.
    Raises NotAllowed for an account the actor may not see, and BadInput with the field at fault.
    """
    if not Account.objects.visible_to(actor, on=today).filter(pk=account.pk).exists():
        raise NotAllowed(_("There is no such account."))
    check(account=account, filed=filed, now=now)
    hold(account_ids=[account.pk])
    known = Complaint.objects.filter(uuid=uuid).first()
    if known is not None:
        if known.account_id != account.pk or known.taken_by_id != actor.pk:
            raise BadInput(_("This form was sent already. Open a new one."))
        return known
    product = filed.product
    if product is None and len({line.product_id for line in filed.lines}) == 1:
        product = filed.lines[0].product
    complaint = Complaint.objects.create(
        account=account,
        person=filed.person,
        purchase=filed.purchase,
        product=product,
        batch=filed.batch.strip(),
        uuid=uuid,
        number=f"?{uuid.hex[:19]}",
        kind=filed.category.kind,
        category=filed.category,
        subject=filed.subject.strip(),
        words=filed.words.strip(),
        wanted=filed.wanted.strip(),
        channel=filed.channel,
        claim_cents=filed.claim_cents,
        suspected_bad_faith=filed.suspected_bad_faith,
        answer_by=filed.answer_by,
        opened_on=timezone.localdate(now, timezone.get_default_timezone()),
        opened_at=now,
        taken_by=actor,
        assignee=filed.assignee or account.owner or actor,
    )
    complaint.number = number_of(complaint)
    complaint.save(update_fields=["number"])
    complaint.lines.set(filed.lines)
    ComplaintStep.objects.create(complaint=complaint, to_state=State.NEW, at=now, actor=actor)
    clock.refresh(complaint_ids=[complaint.pk])
    refresh_open_complaints(account_ids=[account.pk])
    complaint.refresh_from_db()
    ask_owner(complaint, today=today, now=now)
    return complaint


def number_of(complaint: Complaint) -> str:
    """Its number for people: R for a complaint, Q for a question, the year, and a number of its own."""
    letter = "Q" if complaint.kind == Kind.QUESTION else "R"
    return f"{letter}-{complaint.opened_on.year}-{complaint.pk:05d}"


def check(*, account: Account, filed: Filed, now: dt.datetime) -> None:
    """Raise BadInput, with the field, for what no complaint can have."""
    question = filed.category.kind == Kind.QUESTION
    if not filed.category.active:
        raise BadInput(_("This category is no longer in use; choose another."), field="category")
    if not filed.words.strip():
        raise BadInput(_("Write what the customer says."), field="words")
    if question and not filed.subject.strip():
        raise BadInput(_("Write what the question is about."), field="subject")
    if filed.channel and filed.channel not in Channel.values:
        raise BadInput(_("Choose how it came."), field="channel")
    if filed.claim_cents is not None and filed.claim_cents < 0:
        raise BadInput(_("A claim is an amount of 0 or more."), field="claim")
    if question and filed.claim_cents:
        raise BadInput(_("A question has no claim; file a complaint instead."), field="claim")
    if filed.answer_by is not None and not question:
        raise BadInput(_("Only a question has a time to answer by."), field="answer_by")
    if filed.answer_by is not None and filed.answer_by <= now:
        raise BadInput(_("The time to answer by has passed already."), field="answer_by")
    if filed.person is not None and filed.person.account_id != account.pk:
        raise BadInput(_("This person belongs to another account."), field="person")
    if filed.purchase is not None and filed.purchase.account_id != account.pk:
        raise BadInput(_("This purchase belongs to another account."), field="purchase")
    if any(filed.purchase is None or line.purchase_id != filed.purchase.pk for line in filed.lines):
        raise BadInput(_("Choose lines of the purchase that is named."), field="lines")


def suspected_duplicates(
    account: Account,
    *,
    user: User,
    today: dt.date,
    category: str = "",
    purchase: int | None = None,
    most: int = 5,
) -> list[Complaint]:
    """Complaints of the account that may be the one that is being filed: open, or opened within SIMILAR_DAYS.

    Those of the same purchase and category first, then of either, then the newest. category: its code; purchase: its
    id. Only what the user may see; one query.
    """
    near = Case(
        When(purchase=purchase or 0, category=category, then=Value(0)),
        When(purchase=purchase or 0, then=Value(1)),
        When(category=category, then=Value(2)),
        default=Value(3),
        output_field=IntegerField(),
    )
    young = Q(opened_on__gte=today - dt.timedelta(days=SIMILAR_DAYS))
    rows = Complaint.objects.visible_to(user, on=today).filter(
        young | Q(closed_on__isnull=True), account=account
    )
    return list(rows.select_related("category", "purchase").order_by(near, "-opened_at", "-pk")[:most])
