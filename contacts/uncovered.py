"""What is not covered: accounts that fall through, each kind with what mends it (docs/domain.md, section 9)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, ContactPerson
from contacts import rules
from contacts.models import UnmetRule
from crm.team.absences import LONG_ABSENCE
from crm.team.calendars import ONE_DAY
from crm.team.models import Absence, User


@dataclass(frozen=True)
class Gap:
    """One kind of account that falls through. `mend`: what is done about it, in a sentence."""

    name: str
    label: str | Promise
    mend: str | Promise


GAPS = (
    Gap("owner", _("No owner"), _("Give them an owner: without one nobody is told to contact them.")),
    Gap("gone", _("Owner works here no more"), _("Hand them over: their follow-ups stand still.")),
    Gap(
        "away",
        _("Owner away, no substitute"),
        _("Name a substitute, or hand them over: for two weeks or more nobody looks after them."),
    ),
    Gap("rule", _("No contact rule"), _("No cadence in force matches them: add or widen a contact rule.")),
    Gap(
        "unmet",
        _("Rule against a wish"),
        _("A contact rule asks for what the customer does not want: ask them, or let it be."),
    ),
    Gap("person", _("Nobody to talk to"), _("Add a person: a name and a phone number are enough.")),
    Gap(
        "tier", _("Customer without a tier"), _("They buy, but no run has given them a tier yet; a pin can.")
    ),
)


def gaps(*, today: dt.date) -> dict[str, Q]:
    """By name, the condition on Account that one kind of gap holds on the day. Two queries, for rules and absences."""
    long_ones = [
        absence.user_id
        for absence in Absence.objects.filter(
            first_day__lte=today, last_day__gte=today, substitute__isnull=True
        )
        if absence.last_day - absence.first_day >= (LONG_ABSENCE - 1) * ONE_DAY
    ]
    return {
        "owner": Q(owner__isnull=True),
        "gone": Q(owner__in=User.objects.filter(is_active=False).values("pk")),
        "away": Q(owner__in=long_ones),
        "rule": ~_governed(today),
        "unmet": Q(Exists(UnmetRule.objects.filter(account=OuterRef("pk")).order_by())),
        "person": ~Q(Exists(ContactPerson.objects.present().filter(account=OuterRef("pk")).order_by())),
        "tier": Q(tier__isnull=True, phase__in=[Account.Phase.CUSTOMER, Account.Phase.LAPSING]),
    }


def _governed(today: dt.date) -> Q:
    governed = Q(pk__in=())
    for rule in rules.cadences_in_force(today):
        governed |= rules.matching(rule, today)
    return governed


def looked_at(user: User, *, today: dt.date) -> QuerySet[Account]:
    """The accounts of whose gaps the user is told: those they see, but none that was archived or let go."""
    visible = Account.objects.visible_to(user, on=today)
    return visible.filter(archived_at__isnull=True).exclude(phase=Account.Phase.LET_GO).order_by()


def counts(user: User, *, today: dt.date) -> dict[str, int]:
    """How many accounts each gap has, and under "accounts" how many were looked at. One statement."""
    asked = {f"gap_{name}": Count("pk", filter=condition) for name, condition in gaps(today=today).items()}
    found = looked_at(user, today=today).aggregate(accounts=Count("pk"), **asked)
    return {name.removeprefix("gap_"): number for name, number in found.items()}


def uncovered(user: User, gap: str, *, today: dt.date) -> QuerySet[Account]:
    """The accounts of one gap, those that buy most first."""
    rows = looked_at(user, today=today).filter(gaps(today=today)[gap])
    return rows.select_related("owner").order_by("-sales_12m_cents", "code")
