"""Hints at why an account changes tier, each with its figures (docs/domain.md, 4.3); the manager says which is true."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise

from django.db.models import Count, Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Account, ContactPerson
from complaints import catalogues
from complaints.models import Complaint
from contacts.models import FollowUp, Promise
from crm.look import figures
from crm.team.models import User
from segmentation.models import TierAssessment
from segmentation.reasons import Known
from segmentation.windows import Window, window

# Fewer planned contacts than this say nothing about neglect.
_FEW = 3


@dataclass(frozen=True)
class Hint:
    """One fact that may be the cause, as templates/components/agenda.html shows it."""

    icon: str
    words: str
    small: str
    """What the words rest on; may be empty."""
    day: dt.date | str
    """When it happened, "" where it is no single day."""
    cause: str
    """The code of the reason it speaks for, "" where it speaks for none by itself."""


def hints(assessment: TierAssessment, previous: TierAssessment | None = None) -> list[Hint]:
    """What happened in the window of the run that may explain the change; at most six queries, whatever there is.

    assessment: with its account, run and policy loaded. previous: the run before, None where there is none.
    """
    days = window(assessment.run.as_of, assessment.run.policy.window_months)
    account = assessment.account
    return [
        *_complaints(account, days),
        *_promises(account, days),
        *_late_payments(assessment),
        *_longer_gap(assessment),
        *_changed_owner(account, days),
        *_persons_gone(account, days),
        *_neglect(assessment, previous, days),
        *_season(account),
    ]


def _complaints(account: Account, days: Window) -> list[Hint]:
    raised = list(
        Complaint.objects.complaints()
        .filter(account=account, opened_on__gte=days.start, opened_on__lt=days.end)
        .select_related("category")
        .order_by("opened_on", "pk")
    )
    if not raised:
        return []
    kinds = Counter(complaint.category.name for complaint in raised)
    cause = {
        catalogues.LATE_DELIVERY: Known.DELIVERY,
        catalogues.NOT_AS_ORDERED: Known.DELIVERY,
        catalogues.PROMISE_NOT_KEPT: Known.NEGLECT,
    }.get(Counter(complaint.category_id for complaint in raised).most_common(1)[0][0], "")
    words = ngettext("%(n)d complaint", "%(n)d complaints", len(raised)) % {"n": len(raised)}
    small = ", ".join(f"{kind} {n}" if n > 1 else kind for kind, n in kinds.most_common())
    return [Hint("complaint", words, small, raised[-1].opened_on, str(cause))]


def _promises(account: Account, days: Window) -> list[Hint]:
    broken = list(
        Promise.objects.filter(account=account, due_on__gte=days.start, due_on__lt=days.end)
        .filter(Q(state=Promise.State.BROKEN) | Q(state=Promise.State.OPEN, due_on__lt=days.as_of))
        .order_by("due_on", "pk")
    )
    if not broken:
        return []
    words = ngettext("%(n)d promise not kept", "%(n)d promises not kept", len(broken)) % {"n": len(broken)}
    return [Hint("promise", words, broken[-1].words, broken[-1].due_on, Known.NEGLECT)]


def _late_payments(found: TierAssessment) -> list[Hint]:
    if not found.late_cents or not found.due_cents:
        return []
    words = _("%(share)s of what was due was paid late or not at all") % {
        "share": figures.percent(found.late_cents / found.due_cents)
    }
    small = _("%(late)s of %(due)s %(currency)s") % {
        "late": figures.money(found.late_cents),
        "due": figures.money(found.due_cents),
        "currency": figures.currency(),
    }
    return [Hint("clock", words, small, "", Known.PAYMENT)]


def _longer_gap(found: TierAssessment) -> list[Hint]:
    since, gap, count = found.days_since_purchase, found.gap_days, found.gap_count
    if since is None or gap is None or not count or since * count <= 2 * gap:
        return []
    words = ngettext("%(n)d day without a purchase", "%(n)d days without a purchase", since) % {"n": since}
    usual = round(gap / count)
    small = ngettext("%(n)d day apart on average", "%(n)d days apart on average", usual) % {"n": usual}
    return [Hint("cart", words, small, "", "")]


def _changed_owner(account: Account, days: Window) -> list[Hint]:
    """From the account's history; the row before the window tells who owned it when the window began."""
    rows = list(
        account.history.filter(history_date__date__lt=days.end)
        .order_by("history_date", "history_id")
        .values_list("history_date", "owner_id")
    )
    turns = [
        (figures.local_date(later[0]), earlier[1], later[1])
        for earlier, later in pairwise(rows)
        if earlier[1] != later[1]
    ]
    turns = [turn for turn in turns if turn[0] >= days.start]
    if not turns:
        return []
    day, before, after = turns[-1]
    names = {user.pk: str(user) for user in User.objects.filter(pk__in=[before, after])}
    nobody = _("nobody")
    small = _("%(before)s, then %(after)s") % {
        "before": names.get(before, nobody),
        "after": names.get(after, nobody),
    }
    words = ngettext("The owner changed", "The owner changed %(n)d times", len(turns)) % {"n": len(turns)}
    return [Hint("user", words, small, day, Known.PERSONALITY)]


def _persons_gone(account: Account, days: Window) -> list[Hint]:
    gone = ContactPerson.objects.filter(
        account=account, merged_into=None, left_on__gte=days.start, left_on__lt=days.end
    )
    return [
        Hint(
            "people",
            _("%(person)s left") % {"person": person.name},
            person.position or person.get_buying_role_display(),
            person.left_on or "",
            Known.LOST_PERSON,
        )
        for person in gone.order_by("left_on", "pk")
    ]


def _neglect(found: TierAssessment, previous: TierAssessment | None, days: Window) -> list[Hint]:
    """Contacts made against planned, and less time than in the run before; both only where they fell clearly short."""
    hints = []
    planned = FollowUp.objects.filter(account=found.account, day__gte=days.start, day__lt=days.end).exclude(
        state=FollowUp.State.CANCELLED
    )
    counts = planned.aggregate(planned=Count("pk"), made=Count("pk", filter=Q(state=FollowUp.State.DONE)))
    if counts["planned"] >= _FEW and counts["made"] * 2 < counts["planned"]:
        words = _("Contacts made: %(made)d of %(planned)d planned") % counts
        hints.append(Hint("missed", words, "", "", Known.NEGLECT))
    if previous is not None and found.contact_minutes * 5 < previous.contact_minutes * 4:
        words = _("Less contact: %(now)s, %(before)s in the run before") % {
            "now": figures.duration(found.contact_minutes),
            "before": figures.duration(previous.contact_minutes),
        }
        hints.append(Hint("clock", words, "", "", Known.NEGLECT))
    return hints


def _season(account: Account) -> list[Hint]:
    if not account.seasonal:
        return []
    return [Hint("repeat", _("Marked as seasonal"), _("it is exempt from “sporadic”"), "", Known.SEASONAL)]
