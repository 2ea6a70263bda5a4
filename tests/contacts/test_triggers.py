"""Triggers: what each event is, once only, and what a firing asks for."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from accounts.importing import import_file
from accounts.importing.undoing import undo_import
from accounts.merging.accounts import merge_accounts
from accounts.models import Account, Import, ImportKind, Purchase, PurchaseLine
from complaints.models import Complaint
from contacts import rules, triggers
from contacts.models import AgendaItem, ContactRule, FollowUp, Reason, TriggerFiring
from crm.jobs.models import Job
from crm.jobs.running import work
from segmentation.models import TierChange
from tests.support.cast import Cast
from tests.support.factories import (
    ContactPersonFactory,
    ContactRuleFactory,
    ProductFactory,
    PurchaseFactory,
)

NOW = dt.datetime(2026, 10, 13, 7, 30, tzinfo=dt.UTC)
TODAY = dt.date(2026, 10, 13)  # a Tuesday
BEGIN = dt.date(2026, 9, 1)


def day(offset: int) -> dt.date:
    return TODAY + dt.timedelta(days=offset)


def trigger(event: str, **values: Any) -> ContactRule:
    """A trigger that fires from BEGIN on."""
    return ContactRuleFactory(
        kind="trigger", event=event, every_days=None, **{"fires_from": BEGIN, "offset_from": 1, **values}
    )


def fire(today: dt.date = TODAY) -> triggers.Fired:
    return triggers.fire(today=today, now=NOW)


def keys(rule: ContactRule) -> list[str]:
    return sorted(TriggerFiring.objects.filter(rule=rule).values_list("key", flat=True))


# Every event ------------------------------------------------------------------------------------------------------
def first_purchase(account: Account) -> tuple[str, dt.date]:
    PurchaseFactory(account=account, ordered_on=day(-2))
    PurchaseFactory(account=account, ordered_on=day(-1))
    Account.objects.filter(pk=account.pk).update(first_purchase_on=day(-2))
    return f"first:{account.pk}", day(-2)


def purchase(account: Account) -> tuple[str, dt.date]:
    PurchaseFactory(account=account, ordered_on=day(-2), cents=49_999)
    PurchaseFactory(account=account, ordered_on=day(-2), cents=-90_000)
    PurchaseFactory(account=account, ordered_on=day(1), cents=90_000)
    large = PurchaseFactory(account=account, ordered_on=day(-1), cents=50_000)
    return f"purchase:{large.pk}", day(-1)


def before_delivery(account: Account) -> tuple[str, dt.date]:
    coming = PurchaseFactory(account=account, promised_on=day(2))
    PurchaseFactory(account=account, promised_on=day(4))
    PurchaseFactory(account=account, promised_on=day(-1))
    PurchaseFactory(account=account, promised_on=day(2), delivered_on=day(-1))
    return f"promised:{coming.pk}", day(-1)


def delivery(account: Account) -> tuple[str, dt.date]:
    delivered = PurchaseFactory(account=account, promised_on=day(-9), delivered_on=day(-3))
    PurchaseFactory(account=account, promised_on=day(-9))
    return f"delivery:{delivered.pk}", day(-3)


def late_delivery(account: Account) -> tuple[str, dt.date]:
    late = PurchaseFactory(account=account, promised_on=day(-3))
    PurchaseFactory(account=account, promised_on=day(-3), delivered_on=day(-3))
    PurchaseFactory(account=account, promised_on=TODAY)
    return f"late:{late.pk}", day(-2)


def replacement_due(account: Account) -> tuple[str, dt.date]:
    """Ordered on the last day of August, 13 months of life: the last day of September, three days told before."""
    pump = ProductFactory(name="Pump", service_life_months=13)
    bought = PurchaseFactory(account=account, ordered_on=dt.date(2025, 8, 31))
    later = PurchaseFactory(account=account, ordered_on=dt.date(2025, 9, 20))
    for purchase, position, amount in ((bought, 1, 5), (bought, 2, 5), (bought, 3, -5), (later, 1, 5)):
        PurchaseLine.objects.create(
            purchase=purchase, position=position, product=pump, amount=Decimal(amount)
        )
    return f"replacement:{bought.pk}/{pump.pk}", dt.date(2026, 9, 27)


def tier_change(account: Account) -> tuple[str, dt.date]:
    decided = {"account": account, "proposed_at": NOW, "decided_at": NOW, "applied_on": day(-4)}
    change = TierChange.objects.create(state="applied", from_tier="B", to_tier="A", **decided)
    TierChange.objects.create(state="applied", from_tier=None, to_tier="B", **decided)
    TierChange.objects.create(
        account=account, proposed_at=NOW, state="proposed", from_tier="A", to_tier="C", proposed_tier="C"
    )
    return f"change:{change.pk}", day(-4)


def lapsing(account: Account) -> tuple[str, dt.date]:
    """35.4 days of mean gap: lapsing on the first day that is more than 70.8 days away."""
    Account.objects.filter(pk=account.pk).update(
        phase="lapsing", mean_gap_days=35.4, last_purchase_on=day(-80)
    )
    return f"lapsing:{account.pk}/{day(-80)}", day(-9)


def person_left(account: Account) -> tuple[str, dt.date]:
    gone = ContactPersonFactory(account=account, left_on=day(-5))
    ContactPersonFactory(account=account)
    return f"person:{gone.pk}", day(-5)


def complaint_closed(account: Account) -> tuple[str, dt.date]:
    values = {"account": account, "category_id": "quality", "opened_on": day(-9)}
    closed = Complaint.objects.create(number="R/1", state="closed", closed_on=day(-2), **values)
    Complaint.objects.create(number="R/2", **values)
    return f"complaint:{closed.pk}", day(-2)


EVENTS: dict[str, tuple[Any, dict[str, Any], Reason, str]] = {
    "first_purchase": (first_purchase, {}, Reason.AFTER_PURCHASE, "first purchase, FV/"),
    "purchase": (purchase, {"event_amount_cents": 50_000}, Reason.AFTER_PURCHASE, "FV/"),
    "before_delivery": (before_delivery, {"event_days": 3}, Reason.BEFORE_DELIVERY, "FV/"),
    "delivery": (delivery, {}, Reason.AFTER_DELIVERY, "FV/"),
    "late_delivery": (late_delivery, {}, Reason.AFTER_DELIVERY, "late, FV/"),
    "replacement_due": (replacement_due, {"event_days": 3}, Reason.REPLACEMENT_DUE, "Pump, FV/"),
    "tier_change": (tier_change, {}, Reason.TIER_CHANGE, "B → A"),
    "lapsing": (lapsing, {}, Reason.WIN_BACK, "became lapsing, last purchase Sat 25 Jul"),
    "person_left": (person_left, {}, Reason.MANUAL, "Left: Anna Nowak"),
    "complaint_closed": (complaint_closed, {}, Reason.MANUAL, "Complaint R/1 closed"),
}


def test_every_event_has_a_source_and_is_tested() -> None:
    assert set(EVENTS) == set(ContactRule.Event.values) == set(triggers.sources())


@pytest.mark.parametrize("event", EVENTS)
def test_an_event_fires_once_and_asks_for_a_contact(cast: Cast, event: str) -> None:
    happen, values, reason, words = EVENTS[event]
    key, on = happen(cast.acme)
    rule = trigger(event, **values)
    assert fire().fired == 1
    firing = TriggerFiring.objects.get()
    assert (firing.rule, firing.key, firing.day, firing.account) == (rule, key, on, cast.acme)
    item = AgendaItem.objects.select_related("follow_up").get()
    assert (item.reason, item.source, item.rule) == (reason, f"trigger:{rule.pk}:{key}", rule)
    assert item.words.startswith(words)
    assert (item.follow_up.assignee, item.follow_up.channel) == (cast.rita, "phone")
    assert item.follow_up.day >= TODAY
    assert fire() == triggers.Fired()
    # Put in force on the day after, it would not have fired.
    later = trigger(event, **values, fires_from=on + dt.timedelta(days=1))
    fire()
    assert keys(later) == []


def test_a_seasonal_account_is_lapsing_after_its_quarter(cast: Cast) -> None:
    PurchaseFactory(account=cast.acme, ordered_on=dt.date(2025, 8, 3))
    PurchaseFactory(account=cast.acme, ordered_on=dt.date(2025, 11, 3))
    Account.objects.filter(pk=cast.acme.pk).update(
        phase="lapsing", seasonal=True, last_purchase_on=dt.date(2025, 11, 3)
    )
    trigger("lapsing")
    fire()
    assert TriggerFiring.objects.get().day == dt.date(2026, 10, 1)


# What a firing asks for ---------------------------------------------------------------------------------------------
def test_the_window_is_working_days_of_the_owner(cast: Cast) -> None:
    PurchaseFactory(account=cast.acme, ordered_on=dt.date(2026, 10, 9))  # a Friday
    trigger("purchase", offset_from=1, offset_until=3, minutes=20)
    assert fire(dt.date(2026, 10, 9)).asked == 1
    item = AgendaItem.objects.select_related("follow_up").get()
    assert (item.earliest, item.due, item.latest) == (
        dt.date(2026, 10, 12),
        dt.date(2026, 10, 12),
        dt.date(2026, 10, 14),
    )
    assert (item.follow_up.day, item.minutes, item.follow_up.minutes) == (dt.date(2026, 10, 12), 20, 20)


def test_each_matching_rule_fires_and_no_other(cast: Cast) -> None:
    PurchaseFactory(account=cast.acme, ordered_on=day(-1))
    Account.objects.filter(pk=cast.acme.pk).update(tier="A")
    first, second = trigger("purchase", tiers="A"), trigger("purchase")
    others = [
        trigger("purchase", tiers="B"),
        trigger("purchase", enabled=False),
        trigger("purchase", fires_from=None),
        trigger("purchase", active_from=TODAY),
        trigger("purchase", active_until=day(-2)),
    ]
    fire()
    assert [len(keys(rule)) for rule in (first, second, *others)] == [1, 1, 0, 0, 0, 0, 0]
    # What a rule that has run out still had to find, it finds.
    assert len(keys(trigger("purchase", active_until=day(-1)))) == 0
    assert fire().fired == 1


def test_without_anybody_to_make_the_contact_the_event_waits(cast: Cast) -> None:
    lost, archived, gone = cast.orphan, cast.acme, cast.brewery
    for account in (lost, archived, gone):
        PurchaseFactory(account=account, ordered_on=day(-1))
    Account.objects.filter(pk=archived.pk).update(archived_at=NOW)
    Account.objects.filter(pk=gone.pk).update(phase="let_go")
    trigger("purchase")
    assert fire() == triggers.Fired()
    Account.objects.filter(pk=lost.pk).update(owner=cast.otto)
    assert fire().asked == 1
    assert FollowUp.objects.get().assignee == cast.otto


def test_what_comes_to_light_too_late_fires_and_asks_for_nothing(cast: Cast) -> None:
    PurchaseFactory(account=cast.acme, ordered_on=day(-120))
    PurchaseFactory(account=cast.acme, ordered_on=day(-80))
    trigger("purchase", fires_from=dt.date(2025, 1, 1))
    result = fire()
    assert (result.fired, result.asked) == (2, 1)
    assert FollowUp.objects.get().day == TODAY


def test_a_purchase_that_is_imported_late_is_found(cast: Cast) -> None:
    PurchaseFactory(account=cast.acme, ordered_on=day(-1))
    trigger("purchase")
    fire()
    PurchaseFactory(account=cast.acme, ordered_on=day(-20))
    assert fire().fired == 1


def test_what_was_done_is_not_asked_again(cast: Cast) -> None:
    PurchaseFactory(account=cast.acme, ordered_on=day(-1))
    trigger("purchase")
    fire()
    AgendaItem.objects.update(state="done", closed_at=NOW)
    assert fire() == triggers.Fired()


# Taking back --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("moved", "withdrawn"), [(False, 1), (True, 0)])
def test_what_its_rule_or_account_asked_for_goes_unless_somebody_touched_it(
    cast: Cast, moved: bool, withdrawn: int
) -> None:
    PurchaseFactory(account=cast.acme, ordered_on=day(-1))
    PurchaseFactory(account=cast.brewery, ordered_on=day(-1))
    rule = trigger("purchase")
    fire()
    FollowUp.objects.update(moved_by_hand=moved)
    Account.objects.filter(pk=cast.brewery.pk).update(archived_at=NOW)
    assert fire().withdrawn == withdrawn
    rules.remove_rule(rule=rule, actor=cast.ada, now=NOW)
    assert fire().withdrawn == withdrawn
    assert FollowUp.objects.open().count() == (2 if moved else 0)


def test_events_that_an_undone_import_took_along(cast: Cast) -> None:
    gone = PurchaseFactory(account=cast.acme, ordered_on=day(-1))
    kept = PurchaseFactory(account=cast.acme, ordered_on=day(-1))
    rule = trigger("purchase")
    fire()
    Purchase.objects.filter(pk=gone.pk).delete()
    assert triggers.take_back_vanished(now=NOW) == 1
    assert keys(rule) == [f"purchase:{kept.pk}"]
    assert AgendaItem.objects.open().get().source.endswith(f":purchase:{kept.pk}")
    assert triggers.take_back_vanished(now=NOW) == 0


# When a trigger begins ----------------------------------------------------------------------------------------------
def test_a_trigger_fires_from_the_day_it_is_put_in_force(cast: Cast) -> None:
    rule = ContactRule(kind="trigger", event="purchase", channel="phone")
    rules.save_rule(rule=rule, actor=cast.ada, now=NOW)
    assert rule.fires_from == timezone.localdate(NOW)
    later = NOW + dt.timedelta(days=9)
    rule.event_amount_cents = 5
    rules.save_rule(rule=rule, actor=cast.ada, now=later)
    assert rule.fires_from == TODAY
    rules.enable_rule(rule=rule, enabled=False, actor=cast.ada, now=later)
    assert rule.fires_from == TODAY
    rules.enable_rule(rule=rule, enabled=True, actor=cast.ada, now=later)
    assert rule.fires_from == day(9)
    rule.event = "delivery"
    rules.save_rule(rule=rule, actor=cast.ada, now=later + dt.timedelta(days=1))
    assert (rule.fires_from, rule.event_amount_cents) == (day(10), None)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (
            {"event": "purchase", "event_amount_cents": 500_000, "offset_from": 1, "offset_until": 3},
            "Purchase of at least 5,000 €: phone call 1 to 3 working days later, 15 min",
        ),
        (
            {"event": "before_delivery", "event_days": 3, "channel": "email", "tiers": "A"},
            "3 days before promised delivery, Tier A: e-mail on the same day, 15 min",
        ),
        (
            {"event": "lapsing", "offset_from": 1, "channel": "visit"},
            "Became lapsing: visit 1 working day later, 15 min",
        ),
    ],
)
def test_a_trigger_in_words(values: dict[str, Any], words: str) -> None:
    rule = ContactRule(**{"kind": "trigger", "channel": "phone", **values})
    assert rules.sentence(rule).replace("\u00a0", " ") == words


# Jobs -----------------------------------------------------------------------------------------------------------------
@pytest.mark.django_db(transaction=True)
def test_an_import_is_followed_by_its_events_and_its_undo_takes_them_back(cast: Cast, tmp_path: Path) -> None:
    file = tmp_path / "purchases.csv"
    file.write_text(f"account,number,ordered,amount\nACME,F1,{TODAY},100\nNEW,F2,{TODAY},100\n")
    rule = trigger("purchase")
    values = {"kind": ImportKind.PURCHASES, "file": file, "actor": None, "now": NOW, "today": TODAY}
    brought = import_file(**values, create_accounts=True, rejected=None)

    def done(key: str) -> Job:
        job = Job.objects.get(kind="triggers", key=key)
        return work(job_id=job.pk, clock=lambda: NOW)

    Account.objects.filter(code="NEW").update(owner=cast.rita)
    assert done(f"triggers:import:{brought.import_id}").result == {"fired": 2, "asked": 2, "withdrawn": 0}
    Account.objects.filter(code="NEW").update(owner=None)
    undo_import(imported=Import.objects.get(pk=brought.import_id), actor=None, now=NOW, today=TODAY)
    assert not Account.objects.filter(code="NEW").exists()
    assert done(f"triggers:undo:{brought.import_id}").result == {"fired": 0, "asked": 0, "withdrawn": 1}
    assert keys(rule) == []
    assert not FollowUp.objects.open().exists()


def test_a_merge_keeps_what_fired(cast: Cast) -> None:
    PurchaseFactory(account=cast.brewery, ordered_on=day(-1))
    Account.objects.filter(pk=cast.brewery.pk).update(first_purchase_on=day(-1))
    rules_of = [trigger("purchase"), trigger("first_purchase")]
    fire()
    merge_accounts(kept=cast.acme, duplicate=cast.brewery, chosen={}, actor=cast.ada, today=TODAY, now=NOW)
    assert fire().fired == 0
    assert {firing.account for firing in TriggerFiring.objects.all()} == {cast.acme}
    assert [len(keys(rule)) for rule in rules_of] == [1, 1]
    assert AgendaItem.objects.open().filter(account=cast.acme).count() == 2
