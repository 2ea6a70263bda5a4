"""Complaint policies: the one in force, new versions, and what one would have advised (docs/domain.md, 6).

A version is never edited and never deleted: another one is put in force.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Count, Max
from django.utils import timezone
from django.utils.translation import gettext as _

from complaints import advice
from complaints.errors import BadInput, NotAllowed, WrongState
from complaints.models import Complaint, ComplaintPolicy, Decision
from crm.team.calendars import months_before
from crm.team.models import User

YEAR = 12
"""So many months of decisions another policy is tried on."""


def policy_in_force() -> ComplaintPolicy:
    """The policy that advises. Makes version 1 with its defaults where there is none at all."""
    policy = ComplaintPolicy.objects.filter(in_force=True).first()
    if policy is None:
        policy, _made = ComplaintPolicy.objects.get_or_create(version=1, defaults={"in_force": True})
    return policy


@dataclass(frozen=True)
class Version:
    """One version, with what it changed of the one before it and how often it advised."""

    policy: ComplaintPolicy
    changed: list[tuple[str, int, int]]
    """(term, before, after), of the terms that differ; empty for the first version."""
    advised: int


def history() -> list[Version]:
    """Every version, newest first. One query."""
    found: list[Version] = []
    before = None
    rows = ComplaintPolicy.objects.select_related("created_by").annotate(advised=Count("advices"))
    for one in rows.order_by("version"):
        changed = [
            (name, getattr(before, name), getattr(one, name))
            for name in ComplaintPolicy.TERMS
            if before is not None and getattr(before, name) != getattr(one, name)
        ]
        found.append(Version(one, changed, one.advised))
        before = one
    return found[::-1]


@transaction.atomic
def make_policy(
    *, terms: Mapping[str, int], note: str, actor: User, now: dt.datetime, based_on: int | None = None
) -> ComplaintPolicy:
    """Write a new version and put it in force; terms not named are as before. Amounts in cents.

    based_on: the version that the actor saw; None: whichever is in force. Where the one in force says the same already,
    that one is returned. Raises NotAllowed, BadInput with the term, and WrongState where another is in force by now.
    """
    present = _held(actor)
    if based_on is not None and based_on != present.version:
        raise WrongState(
            _("Version %(version)s is in force meanwhile: look at it, then change it.")
            % {"version": present.version}
        )
    draft = drafted(present, terms=terms)
    values = {name: getattr(present, name) for name in ComplaintPolicy.TERMS}
    if all(getattr(draft, name) == value for name, value in values.items()):
        return present
    draft.note, draft.created_by, draft.created_at = note.strip(), actor, now
    ComplaintPolicy.objects.filter(in_force=True).update(in_force=False)
    newest = ComplaintPolicy.objects.aggregate(newest=Max("version"))["newest"]
    draft.version, draft.in_force = newest + 1, True
    draft.save(force_insert=True)
    return draft


def drafted(present: ComplaintPolicy, *, terms: Mapping[str, int]) -> ComplaintPolicy:
    """A version with other terms than the present one, not saved. Raises BadInput with the term at fault."""
    values = {name: getattr(present, name) for name in ComplaintPolicy.TERMS}
    unknown = sorted(set(terms) - set(values))
    if unknown:
        raise BadInput(_("%(name)s is no term of a policy.") % {"name": unknown[0]}, field=unknown[0])
    draft = ComplaintPolicy(**values | dict(terms))
    try:
        draft.clean_fields(exclude=["version", "in_force", "created_by", "note"])
    except ValidationError as error:
        name, messages = next(iter(error.message_dict.items()))
        raise BadInput(" ".join(messages), field=name) from None
    return draft


@transaction.atomic
def put_in_force(*, version: int, actor: User) -> ComplaintPolicy:
    """Put a version in force again that there is already. Raises NotAllowed, and BadInput where there is none."""
    _held(actor)
    chosen = ComplaintPolicy.objects.filter(version=version).first()
    if chosen is None:
        raise BadInput(_("There is no version %(version)s.") % {"version": version})
    ComplaintPolicy.objects.filter(in_force=True).exclude(pk=chosen.pk).update(in_force=False)
    chosen.in_force = True
    chosen.save(update_fields=["in_force"])
    return chosen


def _held(actor: User) -> ComplaintPolicy:
    """The policy in force, for the one admin who changes it now: version 1 is always there to be locked."""
    if not actor.is_admin:
        raise NotAllowed(_("Policies are for admins."))
    policy_in_force()
    list(ComplaintPolicy.objects.select_for_update().filter(version=1))
    return policy_in_force()


# What it would have advised ------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Foreseen:
    """What another policy would have advised of the complaints that were decided in a year."""

    decided: int
    moves: list[tuple[str, str, int]]
    """(advised then, advised by the other policy, how many), where the two differ; the most frequent first."""
    second_person: int
    """So many decisions would have needed a second person."""
    second_person_then: int
    """So many did need one."""


def foresee(policy: ComplaintPolicy, *, today: dt.date) -> Foreseen:
    """Advise again, by the policy, on all that was decided in the last twelve months. Two queries; writes nothing.

    What was known then is taken from the grounds that were kept; only how often the account complained is counted
    anew, by the months of the policy.
    """
    since = months_before(today, YEAR)
    decided = list(
        Decision.objects.filter(decided_at__date__gt=since, decided_at__date__lte=today)
        .order_by("pk")
        .values_list(
            "complaint__account_id",
            "complaint_id",
            "decided_at",
            "amount_cents",
            "approval",
            "advice__advised",
            "advice__grounds",
        )
    )
    opened: dict[int, list[tuple[dt.date, int]]] = defaultdict(list)
    rows = Complaint.objects.complaints().filter(account__in={row[0] for row in decided}).order_by()
    for account, day, pk in rows.values_list("account_id", "opened_on", "pk"):
        opened[account].append((day, pk))
    moves: Counter[tuple[str, str]] = Counter()
    second = then = 0
    for account, pk, at, amount, approval, advised, grounds in decided:
        day = timezone.localdate(at)
        first = months_before(day, policy.frequent_months)
        times = sum(first < one <= day and other != pk for one, other in opened[account]) + 1
        now = advice.reckon(_known(grounds, times), policy).advised
        moves[advised, now] += advised != now
        second += (amount or 0) > policy.second_person_cents
        then += approval != Decision.Approval.NOT_NEEDED
    found = [(*move, number) for move, number in moves.most_common() if number]
    return Foreseen(len(decided), found, second, then)


def _known(grounds: Sequence[Mapping[str, Any]], complaints: int) -> advice.Facts:
    """What decided then, read from the grounds of an advice."""
    by_code = {ground["code"]: ground for ground in grounds}
    claim = by_code.get("small_claim") or by_code.get("large_claim")
    return advice.Facts(
        bought="no_purchase" not in by_code,
        complaints=complaints,
        suspected="bad_faith" in by_code,
        claim_cents=claim["claim"] if claim else None,
    )
