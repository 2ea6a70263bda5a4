"""A tier in words and figures, from what the run stored: trail, evidence, what decided (docs/domain.md, 4.1 and 4.2).

Pure: an assessment with its run and policy loaded (`select_related("run__policy")`) goes in, words in the reader's
language come out. Nothing here decides anything; the ladder alone does (segmentation.ladder).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from accounts.models import quarter_number
from crm.look import figures
from segmentation.models import TierAssessment, TieringRun, TierPin, TierPolicy
from segmentation.windows import last_quarter_end, window

_DAY = dt.timedelta(days=1)


@dataclass(frozen=True)
class Step:
    """One rung as templates/components/ladder.html shows it."""

    key: str
    """volume, band, systematic, newcomer, sporadic, payment, pin; "none" where there is no tier to explain."""
    title: str
    text: str
    fired: bool
    """The rung wrote to the trail."""
    tier: str | None
    """The tier after this rung, fired or not."""


class Found(Protocol):
    """What `what_decided` reads of an assessment: a list has it in flat rows."""

    @property
    def run(self) -> TieringRun: ...
    @property
    def preceding_cents(self) -> int | None: ...
    @property
    def active_quarters(self) -> int: ...
    @property
    def tenure_months(self) -> int | None: ...
    @property
    def late_cents(self) -> int | None: ...
    @property
    def due_cents(self) -> int | None: ...
    @property
    def previous_tier(self) -> str | None: ...
    @property
    def tier(self) -> str | None: ...
    @property
    def trail(self) -> str: ...


@dataclass(frozen=True)
class EvidenceRow:
    """One line of the evidence, before and now. All texts are ready to be shown."""

    key: str
    label: str
    before: str
    now: str
    change: str
    tone: str
    """up (good news), down (bad news) or nothing."""
    decides: bool
    """The rung that decided looked at this."""


@dataclass(frozen=True)
class EvidenceTable:
    """The evidence of two runs side by side."""

    before_label: str
    now_label: str
    rows: list[EvidenceRow]


# The ladder ---------------------------------------------------------------------------------------------------------
def trail_of(assessment: Found) -> dict[str, str]:
    """The rungs that fired, in order, with the tier each gave: {"volume": "A", "systematic": "B"}."""
    return dict(step.split(":") for step in assessment.trail.split(">") if step)


def ladder_steps(assessment: TierAssessment, *, pin: TierPin | None = None) -> list[Step]:
    """Every rung from the first to the last, fired or not, and why. pin: the one that fired, for its reason."""
    trail = trail_of(assessment)
    policy = assessment.run.policy
    steps: list[Step] = []
    if "volume" in trail:
        tier = ""
        for key, title, explain in _rungs():
            before, tier = tier, trail.get(key, tier)
            text = explain(assessment, policy, before, key in trail)
            steps.append(Step(key, title, text, key in trail, tier))
    else:
        steps.append(Step("none", _("No tier"), _("nothing bought yet"), False, None))
    pinned = trail.get("pin")
    title = _("Pin")
    if pinned is None:
        steps.append(Step("pin", title, pgettext("pin", "none"), False, steps[-1].tier))
    else:
        steps.append(Step("pin", title, _pin_text(pinned, pin), True, pinned))
    return steps


def _rungs() -> list[tuple[str, str, Callable[[TierAssessment, TierPolicy, str, bool], str]]]:
    return [
        ("volume", _("Volume"), _volume),
        ("band", _("Band"), _band),
        ("systematic", _("Systematic and loyal"), _systematic),
        ("newcomer", _("Newcomer"), _newcomer),
        ("sporadic", _("Sporadic"), _sporadic),
        ("payment", _("Payment"), _payment),
    ]


def rung_titles() -> dict[str, str]:
    """The name of each rung by its key in a trail."""
    return {key: title for key, title, _explain in _rungs()} | {"pin": _("Pin")}


def _volume(found: TierAssessment, policy: TierPolicy, before: str, fired: bool) -> str:
    if found.preceding_cents is None:
        return ngettext(
            "It is not ranked: what it bought in %(n)d month is worth nothing.",
            "It is not ranked: what it bought in %(n)d months is worth nothing.",
            policy.window_months,
        ) % {"n": policy.window_months}
    words = {"a": figures.percent(policy.a_share, _places(policy.a_share))}
    words["b"] = figures.percent(policy.b_share, _places(policy.b_share))
    words["share"] = preceding_share(found)
    tier = trail_of(found)["volume"]
    if found.preceding_cents == 0:
        return _("No account is worth more; A ends at %(a)s of all value.") % words
    if tier == "A":
        return _("%(share)s of all value comes from accounts before it; A ends at %(a)s.") % words
    if tier == "B":
        return _("%(share)s of all value comes from accounts before it; A ends at %(a)s, B at %(b)s.") % words
    return _("%(share)s of all value comes from accounts before it; B ends at %(b)s.") % words


def _band(found: TierAssessment, policy: TierPolicy, before: str, fired: bool) -> str:
    had = found.previous_tier
    if had is None:
        return _("it had no tier before")
    if had == before:
        return _("its tier was %(tier)s already") % {"tier": had}
    if found.preceding_cents is None:
        return _("it is not ranked")
    if {had, before} == {"A", "C"}:
        return _("its tier was %(tier)s, no neighbour of %(found)s") % {"tier": had, "found": before}
    boundary = "A" if "A" in (had, before) else "B"
    edge = policy.a_share if boundary == "A" else policy.b_share
    words = {
        "boundary": boundary,
        "tier": had,
        "from": figures.percent(max(edge - policy.band, Decimal(0)), _places(edge - policy.band)),
        "until": figures.percent(min(edge + policy.band, Decimal(1)), _places(edge + policy.band)),
        "share": preceding_share(found),
    }
    if fired:
        return (
            _("%(share)s lies between %(from)s and %(until)s, where %(boundary)s ends: it stays %(tier)s.")
            % words
        )
    return _("no, its tier stays %(tier)s only from %(from)s to %(until)s") % words


def _systematic(found: TierAssessment, policy: TierPolicy, before: str, fired: bool) -> str:
    if before != "A":
        return _("asked of A only")
    if not fired:
        touched = _quarters_touched(found)
        quarters = ngettext("%(n)d of %(all)d quarter", "%(n)d of %(all)d quarters", touched)
        return _("yes, %(quarters)s, %(tenure)s") % {
            "quarters": quarters % {"n": found.active_quarters, "all": touched},
            "tenure": _months(found.tenure_months or 0),
        }
    return _("%(bought)s; A needs %(quarters)d. %(tenure)s; A needs %(months)d.") % {
        "bought": _bought_in(found),
        "quarters": policy.a_min_active_quarters,
        "tenure": _customer_for(found),
        "months": policy.a_min_tenure_months,
    }


def _newcomer(found: TierAssessment, policy: TierPolicy, before: str, fired: bool) -> str:
    months = found.tenure_months or 0
    if months >= policy.newcomer_months:
        return ngettext("no, %(n)d month", "no, %(n)d months", months) % {"n": months}
    if found.revenue_cents <= 0:
        return _("no, its revenue is not above zero")
    if not fired:
        return _("yes, %(tenure)s; it is %(tier)s anyway") % {"tenure": _months(months), "tier": before}
    return ngettext(
        "%(tenure)s; below %(n)d month an account is at least B.",
        "%(tenure)s; below %(n)d months an account is at least B.",
        policy.newcomer_months,
    ) % {"tenure": _customer_for(found), "n": policy.newcomer_months}


def _sporadic(found: TierAssessment, policy: TierPolicy, before: str, fired: bool) -> str:
    if fired:
        return _("%(bought)s; B needs %(n)d.") % {
            "bought": _bought_in(found),
            "n": policy.b_min_active_quarters,
        }
    quarters = found.active_quarters
    if quarters >= policy.b_min_active_quarters:
        return ngettext(
            "no, %(n)d quarter is enough for B", "no, %(n)d quarters are enough for B", quarters
        ) % {"n": quarters}
    if _is_newcomer(found, policy):
        return _("newcomers are exempt")
    if before == "C":
        return _("it is C anyway")
    return _("exempt, it buys in one season")


def _payment(found: TierAssessment, policy: TierPolicy, before: str, fired: bool) -> str:
    if policy.max_late_share is None:
        return _("does not count")
    if found.due_cents is None or found.late_cents is None:
        return _("nothing was due")
    words = {
        "late": _share(found.late_cents, found.due_cents, 0, near=(policy.max_late_share,)),
        "allowed": figures.percent(policy.max_late_share, _places(policy.max_late_share)),
    }
    if fired:
        return (
            _("%(late)s of what was due was paid late; up to %(allowed)s is allowed. One tier down.") % words
        )
    if Decimal(found.late_cents) > policy.max_late_share * found.due_cents:
        return _("%(late)s paid late, but nothing is below C") % words
    return _("%(late)s paid late, up to %(allowed)s is allowed") % words


def _pin_text(tier: str, pin: TierPin | None) -> str:
    if pin is None:
        return _("Pinned to %(tier)s by hand.") % {"tier": tier}
    return _("Pinned to %(tier)s from %(first)s until %(last)s: %(reason)s") % {
        "tier": tier,
        "first": date_format(pin.first_day),
        "last": date_format(pin.last_day),
        "reason": pin.reason,
    }


# What decided -------------------------------------------------------------------------------------------------------
def deciding_step(assessment: Found) -> str:
    """The rung that gave the tier: the last that fired; "none" where nothing did."""
    return next(reversed(trail_of(assessment)), "none")


def what_decided(assessment: Found, previous: Found | None = None) -> str:
    """One line for a list: the fact behind the change. previous: the run before; it tells what is new."""
    policy = assessment.run.policy
    step = deciding_step(assessment)
    if step == "none":
        return _("No purchase counts any more")
    if step == "pin":
        return _("Pinned to %(tier)s") % {"tier": assessment.tier}
    if step == "payment":
        return _paid_late(assessment)
    if step == "sporadic":
        return _bought_in(assessment)
    if step == "newcomer":
        return _("Newcomer: %(tenure)s") % {"tenure": _months(assessment.tenure_months or 0)}
    if step == "systematic":
        if assessment.active_quarters < policy.a_min_active_quarters:
            return _bought_in(assessment)
        return _customer_for(assessment)
    if assessment.preceding_cents is None:
        return ngettext("No value in %(n)d month", "No value in %(n)d months", policy.window_months) % {
            "n": policy.window_months
        }
    return _risen(assessment, previous) or _across(assessment, policy)


def _risen(assessment: Found, previous: Found | None) -> str:
    """What has ceased to hold the account down, where volume alone decides now and did not before; else nothing."""
    if previous is None or previous.tier == assessment.tier:
        return ""
    held = deciding_step(previous)
    if held == "systematic":
        before = previous.run.policy
        if previous.active_quarters < before.a_min_active_quarters:
            return _bought_in(assessment)
        return _customer_for(assessment)
    if held == "sporadic":
        return _bought_in(assessment)
    if held == "newcomer":
        return _("A newcomer no more: %(tenure)s") % {"tenure": _months(assessment.tenure_months or 0)}
    if held == "payment" and assessment.late_cents is not None:
        return _paid_late(assessment)
    if held == "pin":
        return _("Its pin has ended")
    return ""


def _across(assessment: Found, policy: TierPolicy) -> str:
    """Which boundary of volume the account crossed, and which way."""
    had, has = assessment.previous_tier, assessment.tier
    up = had is None or (has is not None and has < had)
    boundary = policy.a_share if has == ("A" if up else "B") else policy.b_share
    words = {"share": figures.percent(boundary, _places(boundary))}
    if up:
        return _("Joined the first %(share)s of value") % words
    return _("Left the first %(share)s of value") % words


# Evidence -----------------------------------------------------------------------------------------------------------
def evidence_table(assessment: TierAssessment, previous: TierAssessment | None = None) -> EvidenceTable:
    """The evidence of the run before and of this one; without one before, the previous window's revenue alone."""
    looked_at = _LOOKED_AT.get(deciding_step(assessment), ())
    if deciding_step(assessment) == "systematic":
        looked_at = tuple(key for key in looked_at if _falls_short(assessment, key))

    def row(
        key: str, label: str, value: Callable[[TierAssessment], Any], shown: Callable[[Any], str], *,
        change: Callable[[Any, Any], str], good: int = 0,
    ) -> EvidenceRow:  # fmt: skip
        now = value(assessment)
        before = value(previous) if previous is not None else None
        if previous is None and key == "revenue":
            before = assessment.previous_revenue_cents
        difference = "" if before is None or now is None or before == now else change(before, now)
        tone = "" if not difference or not good else ("up" if (now > before) == (good > 0) else "down")
        return EvidenceRow(
            key, label, _or_dash(before, shown), _or_dash(now, shown), difference, tone, key in looked_at
        )

    sign = figures.currency()
    rows = [
        row(
            "revenue", _("Revenue, %(currency)s") % {"currency": sign}, lambda a: a.revenue_cents, figures.money,
            change=_relative, good=1,
        ),
        row(
            "previous_revenue", _("Window before, %(currency)s") % {"currency": sign},
            lambda a: a.previous_revenue_cents, figures.money, change=_relative,
        ),
        row(
            "preceding_share", _("Value before it"), lambda a: _quotient(a.preceding_cents, a.ranked_cents),
            lambda share: figures.percent(share, 1), change=lambda b, n: _signed((n - b) * 100, 1),
        ),
        row(
            "active_quarters", _("Active quarters"), lambda a: a.active_quarters, figures.number,
            change=_difference, good=1,
        ),
        row("orders", _("Orders"), lambda a: a.orders, figures.number, change=_difference, good=1),
        row(
            "tenure_months", _("Customer for, months"), lambda a: a.tenure_months, figures.number,
            change=_difference,
        ),
        row(
            "days_since_purchase", _("Days since purchase"), lambda a: a.days_since_purchase, figures.number,
            change=_difference, good=-1,
        ),
        row(
            "mean_gap_days", _("Mean gap, days"), lambda a: _quotient(a.gap_days, a.gap_count), figures.number,
            change=_difference,
        ),
        row(
            "late_share", _("Paid late"), lambda a: _quotient(a.late_cents, a.due_cents), figures.percent,
            change=lambda b, n: _signed((n - b) * 100, 0), good=-1,
        ),
        row(
            "contact_minutes", _("Contact minutes"), lambda a: a.contact_minutes, figures.number,
            change=_difference,
        ),
        row("complaints", _("Complaints"), lambda a: a.complaints, figures.number, change=_difference, good=-1),
    ]  # fmt: skip
    before_label = as_of_label(previous.run.as_of) if previous is not None else _("Window before")
    return EvidenceTable(before_label, as_of_label(assessment.run.as_of), rows)


def as_of_label(as_of: dt.date) -> str:
    """ "Q3 2026" for the last day of a quarter, else the day."""
    if last_quarter_end(as_of + _DAY) == as_of:
        return _("Q%(quarter)d %(year)d") % {"quarter": (as_of.month + 2) // 3, "year": as_of.year}
    return date_format(as_of)


def preceding_share(assessment: TierAssessment) -> str:
    """The share of value before the account, with as many decimals as tell it from the boundaries; "–" if unranked."""
    if assessment.preceding_cents is None or assessment.ranked_cents is None:
        return figures.NOTHING
    policy = assessment.run.policy
    edges = [policy.a_share, policy.b_share]
    edges += [edge + sign * policy.band for edge in edges for sign in (-1, 1)]
    return _share(assessment.preceding_cents, assessment.ranked_cents, 1, near=edges)


_LOOKED_AT = {
    "volume": ("preceding_share",),
    "band": ("preceding_share",),
    "systematic": ("active_quarters", "tenure_months"),
    "newcomer": ("tenure_months",),
    "sporadic": ("active_quarters",),
    "payment": ("late_share",),
}


def _falls_short(assessment: TierAssessment, key: str) -> bool:
    policy = assessment.run.policy
    if key == "active_quarters":
        return assessment.active_quarters < policy.a_min_active_quarters
    return (assessment.tenure_months or 0) < policy.a_min_tenure_months


# Pieces -------------------------------------------------------------------------------------------------------------
def _quarters_touched(found: Found) -> int:
    """How many calendar quarters the window touches: 4 for 12 months that end with one."""
    days = window(found.run.as_of, found.run.policy.window_months)
    return quarter_number(days.as_of) - quarter_number(days.start) + 1


def _bought_in(found: Found) -> str:
    touched = _quarters_touched(found)
    words = ngettext("Bought in %(n)d of %(all)d quarter", "Bought in %(n)d of %(all)d quarters", touched)
    return words % {"n": found.active_quarters, "all": touched}


def _customer_for(found: Found) -> str:
    months = found.tenure_months or 0
    return ngettext("A customer for %(n)d month", "A customer for %(n)d months", months) % {"n": months}


def _months(months: int) -> str:
    return ngettext("%(n)d month", "%(n)d months", months) % {"n": months}


def _paid_late(found: Found) -> str:
    limit = found.run.policy.max_late_share
    late = _share(found.late_cents or 0, found.due_cents or 1, 0, near=() if limit is None else (limit,))
    return _("Paid late: %(late)s of the amount") % {"late": late}


def _is_newcomer(found: TierAssessment, policy: TierPolicy) -> bool:
    return (found.tenure_months or 0) < policy.newcomer_months and found.revenue_cents > 0


def _share(numerator: int, denominator: int, decimals: int, near: Any = ()) -> str:
    """The quotient in per cent, with further decimals until it does not look like an edge that it is not."""
    exact = Decimal(numerator) / Decimal(denominator)
    while decimals < 6 and any(
        exact != edge and figures.rounded(exact * 100, decimals) == figures.rounded(edge * 100, 6)
        for edge in near
    ):
        decimals += 1
    return figures.percent(exact, decimals)


def _places(share: Decimal) -> int:
    """How many decimals a threshold needs in per cent: 80 % none, 82.5 % one."""
    return max(0, -(share.normalize().as_tuple().exponent + 2))  # type: ignore[operator]


def _quotient(numerator: int | None, denominator: int | None) -> Decimal | None:
    return None if numerator is None or denominator is None else Decimal(numerator) / Decimal(denominator)


def _or_dash(value: Any, shown: Callable[[Any], str]) -> str:
    return figures.NOTHING if value is None else shown(value)


def _relative(before: int, now: int) -> str:
    return figures.signed_percent(Decimal(now - before) / Decimal(before)) if before > 0 else ""


def _difference(before: Any, now: Any) -> str:
    return _signed(now - before, 0)


def _signed(value: Any, decimals: int) -> str:
    text = figures.number(value, decimals)
    return text if figures.rounded(value, decimals) <= 0 else f"+{text}"
