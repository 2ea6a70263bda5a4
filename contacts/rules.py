"""Contact rules: whom they match, who governs, how they read as a sentence, and the verbs that change them.

docs/domain.md, 5.1: conditions all hold; for each account and channel the first cadence in priority order wins. Every
change is due to be planned: the caller enqueues planning when the change is committed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from copy import copy
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import (
    Case,
    Count,
    Exists,
    F,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce
from django.db.models.lookups import GreaterThanOrEqual
from django.utils import timezone
from django.utils.text import get_text_list
from django.utils.translation import gettext, ngettext, pgettext
from django.utils.translation import gettext_lazy as _
from simple_history.utils import bulk_update_with_history

from accounts.models import Account, Channel, ProductLine, RecentProductLine
from contacts.cadence import CADENCE_CHANNELS
from contacts.events import WITH_AMOUNT, WITH_DAYS, event_in_words, follow_in_words
from contacts.models import ContactRule
from crm.look import figures
from crm.team.calendars import ONE_DAY, months_before
from crm.team.models import User


# Whom a rule matches ------------------------------------------------------------------------------------------------
def governable() -> QuerySet[Account]:
    """The accounts that rules speak of: not archived, and not let go (parted from: no rule calls them back)."""
    return Account.objects.active().exclude(phase=Account.Phase.LET_GO)


def is_governable(account: Account) -> bool:
    """Whether `governable()` holds the account."""
    return account.archived_at is None and account.phase != Account.Phase.LET_GO


def matching(
    rule: ContactRule,
    on: dt.date,
    *,
    product_lines: Iterable[ProductLine] | None = None,
) -> Q:
    """The condition on Account that all conditions of the rule hold on the day; never empty.

    product_lines: instead of those stored, for a rule that is not saved yet. Prefetch them where there are many rules.
    """
    conditions = Q()
    if rule.tiers:
        conditions &= Q(tier__in=list(rule.tiers))
    if rule.phases:
        conditions &= Q(phase__in=rule.phases)
    if rule.strategy_goal:
        conditions &= Q(strategy_goal=rule.strategy_goal)
    if rule.service_level:
        conditions &= Q(service_level=rule.service_level)
    if rule.potential_at_least_cents is not None:
        conditions &= Q(potential_cents__gte=rule.potential_at_least_cents)
    if (orders := rule.orders_per_year_at_least) is not None:
        conditions &= Q(expected_orders_per_year__gte=orders) | Q(
            expected_orders_per_year__isnull=True, orders_12m__gte=orders
        )
    if product_lines is None:
        product_lines = rule.product_lines.all() if rule.pk else ()
    if wanted := [line.pk for line in product_lines]:
        conditions &= Q(Exists(_bought(on).filter(line__in=wanted)))
    if rule.complexity_at_least is not None:
        conditions &= Q(Exists(_bought(on).filter(complexity__gte=rule.complexity_at_least)))
    if rule.product_lines_at_least is not None:
        number = _bought(on).values("account").annotate(number=Count("line", distinct=True)).values("number")
        conditions &= Q(GreaterThanOrEqual(Coalesce(Subquery(number), 0), rule.product_lines_at_least))
    return conditions or Q(pk__isnull=False)


def _bought(on: dt.date) -> QuerySet[RecentProductLine]:
    """The product lines that the outer account ordered in the 12 months up to the day (window as in 4.1).

    As accounts.facts last found them; it does so every day, and after every import.
    """
    return RecentProductLine.objects.filter(
        account=OuterRef("pk"), last_ordered_on__gte=months_before(on + ONE_DAY, 12)
    )


# Who governs --------------------------------------------------------------------------------------------------------
def cadences_in_force(on: dt.date) -> list[ContactRule]:
    """The cadences in force on the day, in priority order, with their product lines. One query."""
    rows = (
        ContactRule.objects.in_force(on=on)
        .cadences()
        .filter(channel__in=CADENCE_CHANNELS)
        .annotate(line_id=F("product_lines"), line_name=F("product_lines__name"))
        .order_by("priority", "id", "line_name")
    )
    rules: dict[int, ContactRule] = {}
    lines: dict[int, list[ProductLine]] = {}
    for row in rows:  # one for each product line, or one without any
        rules.setdefault(row.pk, row)
        if row.line_id is not None:
            line = ProductLine.from_db(None, ["id", "name"], [row.line_id, row.line_name])
            lines.setdefault(row.pk, []).append(line)
    for rule in rules.values():
        # As prefetch_related leaves it, which would be a query more on every page that explains a day.
        found: Any = rule.product_lines.all()
        found._result_cache, found._prefetch_done = lines.get(rule.pk, []), True
        rule.__dict__.setdefault("_prefetched_objects_cache", {})["product_lines"] = found
    return list(rules.values())


def content(rule: ContactRule) -> tuple[str, ...]:
    """All that is stored of a rule, to be compared. Reads the product lines: prefetch them where there are many."""
    stored = [str(getattr(rule, field.attname)) for field in rule._meta.concrete_fields]
    return (*stored, *(str(line.pk) for line in rule.product_lines.all()))


def governing(rules: Sequence[ContactRule], on: dt.date) -> dict[str, Case]:
    """By channel, an expression on Account: the id of the rule that governs it there, NULL where none does.

    rules: cadences in force, in priority order. One CASE per channel, tried in that order.
    """
    by_channel: dict[str, list[When]] = {}
    for rule in rules:
        by_channel.setdefault(rule.channel, []).append(When(matching(rule, on), then=Value(rule.pk)))
    return {
        channel: Case(*whens, default=Value(None), output_field=IntegerField())
        for channel, whens in by_channel.items()
    }


def as_if(rules: Iterable[ContactRule], tier: str | None) -> list[ContactRule]:
    """The rules as they speak of an account that had this tier (None: none): those for other tiers are not there.

    Copies that ask for no tier; nobody saves them.
    """
    found = []
    for rule in rules:
        if not rule.tiers or (tier and tier in rule.tiers):
            found.append(copy(rule))
            found[-1].tiers = ""
    return found


@dataclass(frozen=True)
class RuleCoverage:
    """How many accounts a rule matches, and how many of them it governs (0 for one not in force, or a trigger)."""

    matches: int
    governs: int

    @property
    def is_never_reached(self) -> bool:
        """Whether earlier rules take every account that it matches."""
        return self.matches > 0 and self.governs == 0


@dataclass(frozen=True)
class Coverage:
    """What the rules reach on a day. Counted over `governable()` accounts, with or without an owner."""

    accounts: int
    uncovered: int
    """Accounts that no cadence in force matches."""
    by_rule: dict[int, RuleCoverage]
    """By rule id: every rule there is, in force or not."""


def coverage(on: dt.date) -> Coverage:
    """How many accounts each rule matches and governs, and how many match none. Two queries and the rules."""
    rules = list(ContactRule.objects.prefetch_related("product_lines").order_by("priority", "id"))
    in_force = cadences_in_force(on)
    governs = {f"governs_{channel}": case for channel, case in governing(in_force, on).items()}
    matches = {f"matches_{rule.pk}": Count("pk", filter=matching(rule, on)) for rule in rules}
    counts = governable().order_by().aggregate(accounts=Count("pk"), **matches)
    governed: dict[int, int] = {}
    uncovered = counts["accounts"]
    if governs:
        uncovered = 0
        groups = (
            governable().order_by().annotate(**governs).values_list(*governs).annotate(number=Count("pk"))
        )
        for *rule_ids, number in groups:
            for rule_id in filter(None, rule_ids):
                governed[rule_id] = governed.get(rule_id, 0) + number
            if not any(rule_ids):
                uncovered += number
    return Coverage(
        accounts=counts["accounts"],
        uncovered=uncovered,
        by_rule={
            rule.pk: RuleCoverage(counts[f"matches_{rule.pk}"], governed.get(rule.pk, 0)) for rule in rules
        },
    )


# A rule in words ----------------------------------------------------------------------------------------------------
CHANNEL_IN_A_SENTENCE = {
    Channel.VISIT: _("visit"),
    Channel.VIDEO: _("video call"),
    Channel.PHONE: _("phone"),
    Channel.EMAIL: _("e-mail"),
    Channel.LETTER: _("letter"),
    Channel.EVENT: _("event"),
    Channel.MATERIAL: _("material"),
    Channel.BROADCAST: _("broadcast"),
}


def who(rule: ContactRule) -> str:
    """The rule's conditions in words: "Tier A that buys Pumps". Reads the product lines: prefetch them in lists."""
    if rule.tiers:
        # Translators: the letters of tiers: "Tier A", "Tier A or B"
        subject = gettext("Tier %(tiers)s") % {"tiers": _any_of(list(rule.tiers))}
    else:
        subject = gettext("Every account")
    which = _conditions_in_words(rule)
    if not which:
        return subject
    # Translators: who is "Tier A", which is "that buys Pumps, with potential of at least 1 000 €"
    return gettext("%(who)s %(which)s") % {"who": subject, "which": ", ".join(which)}


def _conditions_in_words(rule: ContactRule) -> list[str]:
    """All conditions but the tiers, each a phrase that stands after the subject."""
    words: list[str] = []
    if rule.phases:
        phases = [str(Account.Phase(phase).label).lower() for phase in rule.phases]
        # Translators: an account's phase: "in phase customer or lapsing"
        words.append(gettext("in phase %(phases)s") % {"phases": _any_of(phases)})
    lines = [line.name for line in rule.product_lines.all()] if rule.pk else []
    if lines:
        words.append(gettext("that buys %(lines)s") % {"lines": _any_of(lines)})
    if rule.complexity_at_least is not None:
        words.append(
            gettext("that buys complexity %(complexity)d or more") % {"complexity": rule.complexity_at_least}
        )
    if (orders := rule.orders_per_year_at_least) is not None:
        words.append(
            ngettext(
                "with at least %(orders)d order a year", "with at least %(orders)d orders a year", orders
            )
            % {"orders": orders}
        )
    if (number := rule.product_lines_at_least) is not None:
        words.append(
            ngettext(
                "with at least %(number)d product line", "with at least %(number)d product lines", number
            )
            % {"number": number}
        )
    if rule.potential_at_least_cents is not None:
        words.append(
            gettext("with potential of at least %(amount)s %(currency)s")
            % {"amount": figures.money(rule.potential_at_least_cents), "currency": figures.currency()}
        )
    if rule.strategy_goal:
        goal = Account.Goal(rule.strategy_goal).label.lower()
        words.append(gettext("with the goal “%(goal)s”") % {"goal": goal})
    if rule.service_level:
        level = Account.ServiceLevel(rule.service_level).label.lower()
        words.append(gettext("with service level %(level)s") % {"level": level})
    return words


def _any_of(words: list[str]) -> str:
    # Translators: joins the last two of several that each suffice: "Pumps, Valves or Seals"
    return get_text_list(words, pgettext("between alternatives", "or"))


def what(rule: ContactRule) -> str:
    """What the rule asks for: "visit every 30 days, 45 min", "phone call 1 to 3 working days later, 15 min"."""
    days = rule.every_days or 0
    channel = str(CHANNEL_IN_A_SENTENCE[Channel(rule.channel)])
    parts = {
        "channel": channel,
        "days": days,
        "minutes": figures.duration(rule.minutes),
    }
    if rule.kind == ContactRule.Kind.CADENCE:
        return (
            ngettext(
                "%(channel)s every day, %(minutes)s",
                "%(channel)s every %(days)d days, %(minutes)s",
                days,
            )
            % parts
        )
    return gettext("%(contact)s, %(minutes)s") % {
        "contact": follow_in_words(rule, channel),
        "minutes": parts["minutes"],
    }


def when(rule: ContactRule) -> str:
    """What a trigger follows in words: "Purchase of at least 5,000 €", "Delivery, Tier A". Reads the product lines."""
    event, whom = event_in_words(rule), who(rule)
    if whom == gettext("Every account"):
        return event
    # Translators: an event, and at which accounts: "Purchase of at least 5,000 €, Tier A that buys Pumps"
    return gettext("%(event)s, %(who)s") % {"event": event, "who": whom}


def sentence(rule: ContactRule) -> str:
    """The whole rule in words: "Tier A that buys Pumps: visit every 30 days, 45 min". Nothing else makes them.

    Anybody may read it (docs/domain.md, section 1). A name given to the rule does not replace it: names go stale.
    """
    if rule.kind == ContactRule.Kind.TRIGGER:
        # Translators: a trigger: the event with whom it is about, and what follows
        return gettext("%(when)s: %(what)s") % {"when": when(rule), "what": what(rule)}
    return gettext("%(who)s: %(what)s") % {"who": who(rule), "what": what(rule)}


# Verbs --------------------------------------------------------------------------------------------------------------
@transaction.atomic
def save_rule(
    *,
    rule: ContactRule,
    actor: User,
    now: dt.datetime,
    product_lines: Iterable[ProductLine] | None = None,
) -> ContactRule:
    """Make or change a rule; a new one goes last of its kind. product_lines None leaves them as they are.

    A trigger that is put in force, or follows another event from now on, fires from today (the company's) on; else it
    goes on as it did. Raises ValidationError, by field, for a rule that cannot be: a cadence without an interval, a
    trigger without an event or with offsets out of order, either of them on broadcasts.
    """
    if rule._state.adding:
        rule.priority = len(_in_order(rule.kind)) + 1
    if rule.kind == ContactRule.Kind.CADENCE:
        if rule.every_days is None:
            raise ValidationError(
                {"every_days": gettext("A cadence needs its interval: every how many days?")}
            )
        if rule.channel not in CADENCE_CHANNELS:
            raise ValidationError(
                {
                    "channel": gettext(
                        "A broadcast satisfies no cadence. Choose a channel that reaches one customer."
                    )
                }
            )
    else:
        _check_trigger(rule)
        _begin(rule, now=now)
    rule.full_clean(exclude=["priority"])
    _save(rule, actor=actor, now=now)
    if product_lines is not None:
        rule.product_lines.set(product_lines)
    return rule


def _check_trigger(rule: ContactRule) -> None:
    """Raise ValidationError for a trigger that cannot be; drop what its event does not have."""
    if not rule.event:
        raise ValidationError({"event": gettext("A trigger needs the event that it follows.")})
    if rule.channel == Channel.BROADCAST:
        raise ValidationError(
            {"channel": gettext("A broadcast reaches many. Choose a channel that reaches one customer.")}
        )
    if rule.event not in WITH_AMOUNT:
        rule.event_amount_cents = None
    if rule.event not in WITH_DAYS:
        rule.event_days = None
    rule.offset_from = rule.offset_from or 0
    if rule.offset_until is None:
        rule.offset_until = rule.offset_from
    if rule.offset_until < rule.offset_from:
        raise ValidationError({"offset_until": gettext("The contact would end before it begins.")})


def _begin(rule: ContactRule, *, now: dt.datetime) -> None:
    """Let a trigger fire from today on, where it did not follow this event until now; the company's today."""
    before = ContactRule.objects.filter(pk=rule.pk).values_list("enabled", "event", "fires_from").first()
    followed = before is not None and before[0] and before[1] == rule.event and before[2] is not None
    if rule.enabled and not followed:
        rule.fires_from = timezone.localdate(now, timezone.get_default_timezone())


@transaction.atomic
def enable_rule(*, rule: ContactRule, enabled: bool, actor: User, now: dt.datetime) -> ContactRule:
    """Put the rule in force, or out of it; its place in the order stays. A trigger fires from today on, then."""
    rule.enabled = enabled
    if rule.kind == ContactRule.Kind.TRIGGER:
        _begin(rule, now=now)
    _save(rule, actor=actor, now=now, only=["enabled", "fires_from"])
    return rule


@transaction.atomic
def move_rule(*, rule: ContactRule, to: int, actor: User, now: dt.datetime) -> None:
    """Give the rule the place `to` among those of its kind (1 first; beyond the ends: first or last).

    Priorities stay 1, 2, 3 without gaps.
    """
    order = [one for one in _in_order(rule.kind) if one.pk != rule.pk]
    order.insert(max(0, to - 1), rule)
    _number(order, actor=actor, now=now)
    rule.refresh_from_db(fields=["priority"])


@transaction.atomic
def remove_rule(*, rule: ContactRule, actor: User, now: dt.datetime) -> None:
    """Delete the rule; its history stays, and the rules after it move up."""
    rule._history_user = actor  # type: ignore[attr-defined]  # read by simple_history
    rule._history_date = now  # type: ignore[attr-defined]
    rule.delete()
    _number(_in_order(rule.kind), actor=actor, now=now)


def _in_order(kind: str) -> list[ContactRule]:
    """Every rule of the kind in priority order, locked, so that two who order them at once leave no gap."""
    return list(ContactRule.objects.select_for_update().filter(kind=kind).order_by("priority", "id"))


def _number(order: list[ContactRule], *, actor: User, now: dt.datetime) -> None:
    stored = dict(ContactRule.objects.values_list("pk", "priority"))
    changed = []
    for place, one in enumerate(order, start=1):
        if stored[one.pk] != place:
            one.priority = place
            changed.append(one)
    if changed:
        bulk_update_with_history(
            changed, ContactRule, ["priority"], default_user=actor, default_date=now, batch_size=100
        )


def _save(rule: ContactRule, *, actor: User, now: dt.datetime, only: list[str] | None = None) -> None:
    rule._history_user = actor  # type: ignore[attr-defined]  # read by simple_history
    rule._history_date = now  # type: ignore[attr-defined]
    rule.save(update_fields=only)
