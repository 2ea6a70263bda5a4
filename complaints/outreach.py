"""A fault of a product: the other accounts that bought it, told before they complain (docs/domain.md, 6).

A batch is free text and stands on no purchase, so the list is of all who bought the product within two years.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Count, Exists, Max, OuterRef, Subquery
from django.utils.translation import gettext as _

from accounts.models import Account, Channel, Product, PurchaseLine
from accounts.querysets import AccountQuerySet
from complaints.errors import BadInput
from complaints.models import Complaint
from contacts.asking_many import request_contacts, withdraw_contacts
from contacts.models import AgendaItem, Reason
from crm.team.calendars import months_before
from crm.team.models import User

MONTHS = 24
MOST = 5_000
"""Accounts in one act."""
COUNTED = 1_000
MINUTES = 10
OVER_DAYS = 5
"""Working days over which an owner's calls are spread, the largest account first."""
# Not "complaint": an open one stands among the first on Today in red, and these have not complained.
REASON = Reason.MANUAL
WORDS = 300  # as many letters an agenda item has


@dataclass(frozen=True)
class Asked:
    """What one act did, in accounts."""

    asked: int
    """Each is on its owner's queue now."""
    standing: int
    """Somebody was asked to before, or has done it."""
    nobody: int
    """No owner who is here: it is on nobody's queue."""


def source_of(complaint: Complaint) -> str:
    """What names the outreach on the queue: one item for each complaint and account, for ever."""
    return f"complaint:{complaint.pk}:outreach"


def products_of(complaint: Complaint) -> list[Product]:
    """The product that it names, else those of its purchase lines. One query at most."""
    if complaint.product is not None:
        return [complaint.product]
    found = Product.objects.filter(pk__in=complaint.lines.filter(product__isnull=False).values("product"))
    return list(found.order_by("code"))


def buyers(products: list[Product], *, complaint: Complaint, today: dt.date) -> AccountQuerySet:
    """The other accounts, whoever sees them, that bought one of the products in the last 24 months.

    For counting. Whoever shows one asks `visible_to`. Archived accounts are left out.
    """
    bought = PurchaseLine.objects.filter(
        product__in=[one.pk for one in products],
        purchase__ordered_on__gt=months_before(today, MONTHS),
        purchase__ordered_on__lte=today,
        purchase__amount_cents__gt=0,
    )
    accounts = Account.objects.active().filter(pk__in=bought.order_by().values("purchase__account"))
    return accounts.exclude(pk=complaint.account_id)


def counted(products: list[Product], *, complaint: Complaint, today: dt.date) -> int:
    """How many accounts `buyers` has, at most COUNTED + 1: a page that only mentions them does not count to the end."""
    if not products:
        return 0
    bought = PurchaseLine.objects.filter(
        product__in=[one.pk for one in products],
        purchase__ordered_on__gt=months_before(today, MONTHS),
        purchase__ordered_on__lte=today,
        purchase__amount_cents__gt=0,
        purchase__account__archived_at__isnull=True,
    ).exclude(purchase__account=complaint.account_id)
    return bought.order_by().values("purchase__account").distinct()[: COUNTED + 1].count()


def with_news(
    accounts: AccountQuerySet, products: list[Product], *, complaint: Complaint, today: dt.date
) -> AccountQuerySet:
    """Those accounts, largest first, with when they last bought it and how far the outreach is.

    `bought_on`; `outreach`: the state of its agenda item, None where nobody was asked; `outreach_on`: when
    that was closed; `complained`: whether the account complains about the product itself.
    """
    lines = PurchaseLine.objects.filter(
        product__in=[one.pk for one in products],
        purchase__account=OuterRef("pk"),
        purchase__amount_cents__gt=0,
        purchase__ordered_on__lte=today,
    )
    items = (
        AgendaItem.objects.filter(account=OuterRef("pk"), reason=REASON, source=source_of(complaint))
        .exclude(state=AgendaItem.State.WITHDRAWN)
        .order_by("-pk")
    )
    last = lines.order_by().values("purchase__account").annotate(last=Max("purchase__ordered_on"))
    own = Complaint.objects.complaints().filter(
        account=OuterRef("pk"),
        product__in=[one.pk for one in products],
        opened_on__gt=months_before(today, MONTHS),
    )
    return accounts.annotate(
        bought_on=Subquery(last.values("last")),
        outreach=Subquery(items.values("state")[:1]),
        outreach_on=Subquery(items.values("closed_at")[:1]),
        complained=Exists(own),
    ).order_by("-sales_12m_cents", "pk")


def tally(accounts: AccountQuerySet, *, complaint: Complaint) -> dict[str, int]:
    """How many of the accounts there are ("all"), are asked for ("open") and were contacted ("done"). Two queries."""
    items = AgendaItem.objects.filter(
        account__in=accounts.order_by().values("pk"), reason=REASON, source=source_of(complaint)
    )
    found = dict(items.order_by().values_list("state").annotate(number=Count("account", distinct=True)))
    return {
        "all": accounts.order_by().count(),
        "open": found.get(AgendaItem.State.OPEN, 0),
        "done": found.get(AgendaItem.State.DONE, 0),
    }


def agenda_words(complaint: Complaint, products: list[Product]) -> str:
    """What stands on the queue."""
    names = ", ".join(str(one) for one in products)
    if complaint.batch:
        words = _("Fault of %(products)s, batch %(batch)s: tell them before they complain (%(number)s).")
    else:
        words = _("Fault of %(products)s: tell them before they complain (%(number)s).")
    said = words % {"products": names, "batch": complaint.batch, "number": complaint.number}
    return said if len(said) <= WORDS else f"{said[: WORDS - 1]}…"


@transaction.atomic
def ask_owners(
    *,
    complaint: Complaint,
    account_ids: list[int] | None,
    actor: User,
    today: dt.date,
    now: dt.datetime,
) -> Asked:
    """Put the outreach on the queue of each account's owner, once for each account however often it is asked for.

    account_ids: None for all that bought it and the actor sees. Raises BadInput for none, for too many, and for an
    account that did not buy it or that the actor does not see.
    """
    products = products_of(complaint)
    rows = buyers(products, complaint=complaint, today=today).visible_to(actor, on=today)
    if account_ids is not None:
        rows = rows.filter(pk__in=account_ids[: MOST + 1])
    ids = list(rows.order_by("-sales_12m_cents", "pk").values_list("pk", flat=True)[: MOST + 1])
    if account_ids is not None and len(set(account_ids)) != len(ids) and len(ids) <= MOST:
        raise BadInput(_("Not all of these are among those who bought it. Choose again."))
    if not ids:
        raise BadInput(_("Choose at least one account."))
    if len(ids) > MOST:
        raise BadInput(_("At most %(number)s accounts at once.") % {"number": MOST})
    new = request_contacts(
        account_ids=ids,
        reason=REASON,
        source=source_of(complaint),
        words=agenda_words(complaint, products),
        channel=Channel.PHONE,
        minutes=MINUTES,
        due=today,
        over_days=OVER_DAYS,
        today=today,
        now=now,
    )
    items: Any = AgendaItem.objects.filter(account__in=rows.order_by().values("pk"), reason=REASON)
    standing = (
        items.filter(source=source_of(complaint))
        .exclude(state=AgendaItem.State.WITHDRAWN)
        .exclude(created_at=now)
        .aggregate(number=Count("account", distinct=True))["number"]
    )
    return Asked(len(new), standing, len(ids) - len(new) - standing)


def take_back(
    *, complaint: Complaint, asked_at: dt.datetime, actor: User, today: dt.date, now: dt.datetime
) -> int:
    """Take back what one act put on the queues, where nobody has touched it; how many."""
    products = products_of(complaint)
    rows = buyers(products, complaint=complaint, today=today).visible_to(actor, on=today)
    return withdraw_contacts(
        account_ids=list(rows.order_by().values_list("pk", flat=True)),
        reason=REASON,
        source=source_of(complaint),
        created_at=asked_at,
        now=now,
    )
