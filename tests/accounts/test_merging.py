"""Duplicates become one account, or one person, without loss, and two again (accounts.merging)."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from accounts.merging import accounts as merging
from accounts.merging import persons as merging_persons
from accounts.models import Account, AccountTeamMember, Acquaintance, ContactPerson, Merge, Purchase, Tag
from complaints.models import Complaint
from contacts.models import AgendaItem, CadenceStart, FollowUp, Promise, Reason, Touchpoint
from segmentation.models import TierChange, TierPin
from tests.support.cast import Cast
from tests.support.factories import (
    AccountFactory,
    AgendaItemFactory,
    ContactPersonFactory,
    ContactRuleFactory,
    FollowUpFactory,
    PurchaseFactory,
    TouchpointFactory,
)

NOW = dt.datetime(2026, 10, 13, 7, 0, tzinfo=dt.UTC)
LATER = NOW + dt.timedelta(hours=1)


@pytest.fixture
def pair(cast: Cast, today: dt.date) -> tuple[Account, Account]:
    """Acme, Rita's, tier B; and the same company once more, Carl's, tier A, with something of everything."""
    kept, other = (
        cast.acme,
        AccountFactory(
            code="ACME2",
            name="Acme SA",
            owner=cast.carl,
            phone="+48 12 345 67 89",
            city="Kraków",
            notes="Gate B.",
        ),
    )
    kept.notes, kept.tier, kept.tier_since = "Ring twice.", "B", dt.date(2026, 7, 1)
    kept.save()
    other.tier, other.tier_since = "A", dt.date(2026, 4, 1)
    other.save()
    ContactPersonFactory(account=kept, name="Maria First", is_main=True)
    person = ContactPersonFactory(account=other, name="Jan Second", is_main=True)
    PurchaseFactory(account=kept, number="FV/1", cents=10_000)
    PurchaseFactory(account=kept, number="FV/2", cents=20_000)
    PurchaseFactory(account=other, number="FV/1", cents=10_000)  # came twice
    PurchaseFactory(account=other, number="FV/2", cents=99_000)  # another one
    PurchaseFactory(account=other, number="FV/3", cents=30_000)
    twin = other.purchases.get(number="FV/1")
    Complaint.objects.create(
        account=other, purchase=twin, number="R1", category_id="other", words="Late.", opened_on=today
    )
    touchpoint = TouchpointFactory(account=other, user=cast.carl, day=dt.date(2026, 10, 1))
    touchpoint.persons.add(person)
    Promise.objects.create(
        account=other, made_by=cast.carl, person=person, words="Send it", made_on=today, due_on=today
    )
    for account in (kept, other):
        AccountTeamMember.objects.create(account=account, user=cast.mona)
        CadenceStart.objects.create(account=account, channel="phone", day=today)
    AccountTeamMember.objects.create(account=other, user=cast.otto)
    for name, accounts in (("fair", [kept, other]), ("export", [other])):
        Tag.objects.create(name=name).accounts.set(accounts)
    TierChange.objects.create(
        account=other, state="proposed", from_tier="A", to_tier="B", proposed_tier="B", proposed_at=NOW
    )
    TierPin.objects.create(
        account=other, tier="A", first_day=dt.date(2026, 1, 1), last_day=dt.date(2026, 3, 1), actor=cast.mona
    )
    return kept, other


def merged(pair: tuple[Account, Account], cast: Cast, today: dt.date, **chosen: str) -> Merge:
    kept, other = pair
    return merging.merge_accounts(
        kept=kept, duplicate=other, chosen=chosen, actor=cast.ada, today=today, now=NOW
    )


def everything(*accounts: Account) -> dict[str, Any]:
    """All that hangs on the accounts, and they themselves, but for what history keeps."""
    found: dict[str, Any] = {}
    for account in accounts:
        row = Account.objects.filter(pk=account.pk).values().get()
        found[f"{account.code}"] = row
        for reference in merging.references(Account):
            name = f"{account.code} {reference.label}"
            rows = [{**one} for one in reference.rows(account.pk).values()]
            for one in rows:
                one.pop("state", None) if reference.model is TierChange else None
                one.pop("decided_at", None)
            found[name] = rows
    found["complaint"] = list(Complaint.objects.order_by("pk").values())
    found["persons"] = list(ContactPerson.objects.order_by("pk").values())
    return found


def test_everything_moves_but_what_both_have(
    pair: tuple[Account, Account], cast: Cast, today: dt.date
) -> None:
    kept, other = pair
    merge = merged(pair, cast, today, name="other")
    kept.refresh_from_db()
    other.refresh_from_db()
    assert (kept.name, kept.code, kept.owner, kept.phone) == (
        "Acme SA",
        "ACME",
        cast.rita,
        "+48 12 345 67 89",
    )
    assert kept.notes == "Ring twice.\n\nGate B."
    assert other.merged_into == kept and other.archived_at == NOW
    numbers = kept.purchases.order_by("number").values_list("number", "amount_cents")
    assert list(numbers) == [("FV/1", 10_000), ("FV/2", 20_000), ("FV/2 (ACME2)", 99_000), ("FV/3", 30_000)]
    assert list(other.purchases.values_list("number", flat=True)) == [
        "FV/1"
    ]  # it is the kept one's, come twice
    complaint = Complaint.objects.get()
    assert complaint.account == kept and complaint.purchase == kept.purchases.get(number="FV/1")
    assert kept.open_complaints == 1 and other.open_complaints == 0
    assert kept.last_contact_on == dt.date(2026, 10, 1) and other.last_contact_on is None
    assert kept.sales_12m_cents == 159_000 and kept.orders_12m == 4
    assert list(kept.persons.values_list("name", "is_main")) == [("Maria First", True), ("Jan Second", False)]
    assert set(kept.team.all()) == {cast.mona, cast.otto}
    assert set(kept.tags.values_list("name", flat=True)) == {"fair", "export"}
    assert Promise.objects.get().account == kept
    assert CadenceStart.objects.filter(account=other).count() == 1
    assert merge.merged_account == other


def test_tiers_stay_with_their_account(pair: tuple[Account, Account], cast: Cast, today: dt.date) -> None:
    kept, other = pair
    merged(pair, cast, today)
    kept.refresh_from_db()
    other.refresh_from_db()
    assert (kept.tier, other.tier) == ("B", None)
    states = other.tier_changes.order_by("pk").values_list("state", "from_tier", "to_tier")
    assert list(states) == [("overtaken", "A", "B"), ("applied", "A", None)]
    assert other.tier_pins.count() == 1 and not kept.tier_changes.exists()


def test_a_prospect_takes_over_the_tier_and_gives_it_back(cast: Cast, today: dt.date) -> None:
    other = AccountFactory(owner=cast.rita, tier="A", tier_since=dt.date(2026, 4, 1))
    merge = merged((cast.acme, other), cast, today)
    cast.acme.refresh_from_db()
    assert (cast.acme.tier, cast.acme.tier_since) == ("A", today)
    merging.undo_merge(merge=merge, actor=cast.ada, today=today, now=LATER)
    cast.acme.refresh_from_db()
    other.refresh_from_db()
    assert (cast.acme.tier, other.tier, other.tier_since) == (None, "A", dt.date(2026, 4, 1))


def test_undo_puts_back_exactly_what_moved(pair: tuple[Account, Account], cast: Cast, today: dt.date) -> None:
    kept, other = pair
    site = AccountFactory(parent=other, code="SITE")
    merging.refresh_facts(today=today)
    merging.parts()[1].parted(kept=kept, duplicate=other, merged_at=NOW, actor=cast.ada, today=today, now=NOW)
    merging.parts()[2].parted(kept=kept, duplicate=other, merged_at=NOW, actor=cast.ada, today=today, now=NOW)
    before = everything(kept, other, site)
    merge = merged(pair, cast, today, name="other", owner_id="other")
    site.refresh_from_db()
    assert site.parent == kept
    TouchpointFactory(account=kept, user=cast.rita, day=today)  # the kept one's own: it stays
    done = merging.undo_merge(merge=merge, actor=cast.ada, today=today, now=LATER)
    after = everything(kept, other, site)
    assert done.left == 0
    tiers = "ACME2 segmentation.tierchange.account"
    assert len(after.pop(tiers)) == 3  # given up, and got back: that is history
    before.pop(tiers)
    assert len(after.pop("ACME contacts.touchpoint.account")) == 1
    before.pop("ACME contacts.touchpoint.account")
    after["ACME"]["last_contact_on"] = before["ACME"]["last_contact_on"]
    assert after == before
    with pytest.raises(merging.CannotUndo):
        merging.undo_merge(merge=merge, actor=cast.ada, today=today, now=LATER)


def test_undo_leaves_what_somebody_changed_since(
    pair: tuple[Account, Account], cast: Cast, today: dt.date
) -> None:
    kept, other = pair
    merge = merged(pair, cast, today, name="other")
    kept.refresh_from_db()
    kept.name = "Acme Holding"
    kept.save()
    ContactPerson.objects.filter(name="Jan Second").update(account=cast.brewery)
    done = merging.undo_merge(merge=merge, actor=cast.ada, today=today, now=LATER)
    kept.refresh_from_db()
    other.refresh_from_db()
    assert kept.name == "Acme Holding" and kept.phone == ""
    assert done.left == 2
    assert other.merged_into is None and other.archived_at is None


def test_undo_that_meets_a_newer_row_changes_nothing(
    pair: tuple[Account, Account], cast: Cast, today: dt.date
) -> None:
    kept, other = pair
    merge = merged(pair, cast, today)
    PurchaseFactory(account=other, number="FV/3")
    with pytest.raises(merging.CannotUndo, match="stands in the way"):
        merging.undo_merge(merge=merge, actor=cast.ada, today=today, now=LATER)
    other.refresh_from_db()
    merge.refresh_from_db()
    assert other.merged_into == kept and merge.undone_at is None


def test_a_chain_is_taken_back_from_its_end(cast: Cast, today: dt.date) -> None:
    first, second, third = (AccountFactory(owner=cast.rita) for _ in range(3))
    one = merged((second, first), cast, today)
    two = merged((third, second), cast, today)
    first.refresh_from_db()
    assert first.merged_into == third
    with pytest.raises(merging.CannotUndo, match="further"):
        merging.undo_merge(merge=one, actor=cast.ada, today=today, now=LATER)
    for merge in (two, one):
        merging.undo_merge(merge=merge, actor=cast.ada, today=today, now=LATER)
    assert not Account.objects.filter(merged_into__isnull=False).exists()


@pytest.mark.parametrize("kept_is_below", [True, False])
def test_parent_and_site_become_one(cast: Cast, today: dt.date, kept_is_below: bool) -> None:
    top = AccountFactory()
    parent = AccountFactory(parent=top)
    site = AccountFactory(parent=parent)
    sibling = AccountFactory(parent=parent)
    kept, other = (site, parent) if kept_is_below else (parent, site)
    merge = merged((kept, other), cast, today)
    kept.refresh_from_db()
    sibling.refresh_from_db()
    assert kept.parent == top and sibling.parent == kept
    merging.undo_merge(merge=merge, actor=cast.ada, today=today, now=LATER)
    site.refresh_from_db()
    sibling.refresh_from_db()
    assert site.parent == parent and sibling.parent == parent


def test_what_cannot_be_merged_says_why(cast: Cast, today: dt.date) -> None:
    parent = AccountFactory()
    site = AccountFactory(parent=parent)
    below = AccountFactory(parent=site)
    gone = AccountFactory(archived_at=NOW)
    for kept, other in ((site, site), (below, parent), (gone, site)):
        with pytest.raises(merging.CannotMerge):
            merged((kept, other), cast, today)
    assert not Merge.objects.exists()


def test_booked_contacts_move_and_plans_are_made_anew(
    cast: Cast, today: dt.date, django_capture_on_commit_callbacks: Any
) -> None:
    kept, other = cast.acme, AccountFactory(owner=cast.carl, tier="A", tier_since=today)
    Account.objects.filter(pk=kept.pk).update(tier="A")
    ContactRuleFactory(tiers="A", channel="visit", every_days=20)
    ContactRuleFactory(tiers="A", channel="phone", every_days=10)
    day = dt.date(2026, 10, 20)

    def cadence(account: Account, channel: str, **fields: Any) -> FollowUp:
        follow_up = FollowUpFactory(
            account=account, assignee=account.owner, day=day, channel=channel, **fields
        )
        AgendaItemFactory(
            account=account,
            follow_up=follow_up,
            reason=Reason.CADENCE,
            source=channel,
            channel=channel,
            due=day,
        )
        return follow_up

    planned = cadence(other, "phone")
    booked = cadence(other, "visit", state="booked", time=dt.time(10))
    cadence(kept, "visit")
    promised = FollowUpFactory(account=other, assignee=cast.carl, day=day)
    AgendaItemFactory(account=other, follow_up=promised, source="promise:1", reason=Reason.PROMISE_DUE)
    with django_capture_on_commit_callbacks(execute=True):
        merge = merged((kept, other), cast, today)
    open_ones = FollowUp.objects.open()
    assert not open_ones.filter(account=other).exists()
    assert not FollowUp.objects.filter(pk=planned.pk).exists()
    assert set(open_ones.filter(account=kept, assignee=cast.rita)) >= {booked, promised}
    assert not open_ones.filter(account=kept).exclude(assignee=cast.rita).exists()
    with django_capture_on_commit_callbacks(execute=True):
        merging.undo_merge(merge=merge, actor=cast.ada, today=today, now=LATER)
    booked.refresh_from_db()
    assert (booked.account, booked.assignee, booked.state) == (other, cast.carl, "booked")
    assert AgendaItem.objects.open().filter(account=other, source="phone").exists()


def test_persons_become_one_and_two_again(cast: Cast, today: dt.date) -> None:
    kept = ContactPersonFactory(account=cast.acme, name="J. Nowak", phone="")
    other = ContactPersonFactory(
        account=cast.acme, name="Jan Nowak", phone="600 100 200", is_main=True, consents_to_mail=True
    )
    for person, strength in ((kept, 1), (other, 3)):
        Acquaintance.objects.create(person=person, user=cast.rita, strength=strength)
    Acquaintance.objects.create(person=other, user=cast.carl, strength=2)
    both, one = (TouchpointFactory(account=cast.acme, user=cast.rita) for _ in range(2))
    both.persons.set([kept, other])
    one.persons.set([other])
    merge = merging_persons.merge_persons(
        kept=kept, duplicate=other, chosen={"name": "other"}, actor=cast.rita, today=today, now=NOW
    )
    kept.refresh_from_db()
    assert (kept.name, kept.phone, kept.is_main, kept.consents_to_mail) == (
        "Jan Nowak",
        "600 100 200",
        True,
        False,
    )
    assert set(kept.touchpoints.all()) == {both, one}
    known = dict(kept.acquaintances.values_list("user__name", "strength"))
    assert known == {cast.rita.name: 3, cast.carl.name: 2}
    assert list(ContactPerson.objects.present().filter(account=cast.acme)) == [kept]
    done = merging_persons.undo_merge(merge=merge, actor=cast.rita, today=today, now=LATER)
    kept.refresh_from_db()
    other.refresh_from_db()
    assert done.left == 0
    assert (kept.name, kept.is_main, other.is_main, other.merged_into) == ("J. Nowak", False, True, None)
    assert set(other.touchpoints.all()) == {both, one} and set(kept.touchpoints.all()) == {both}
    assert dict(kept.acquaintances.values_list("user", "strength")) == {cast.rita.pk: 1}


def test_persons_of_two_accounts_stay_apart(cast: Cast, today: dt.date) -> None:
    one, two = ContactPersonFactory(account=cast.acme), ContactPersonFactory(account=cast.brewery)
    with pytest.raises(merging.CannotMerge, match="Merge the accounts first"):
        merging_persons.merge_persons(
            kept=one, duplicate=two, chosen={}, actor=cast.ada, today=today, now=NOW
        )


def test_every_reference_is_known() -> None:
    """A new foreign key to Account moves by itself; whoever adds one looks here and says whether it should."""
    found = {reference.label for reference in merging.references(Account)}
    assert found >= {
        "accounts.purchase.account",
        "contacts.touchpoint.account",
        "accounts.account_tags.account",
    }
    assert not any("historical" in label or label.startswith("accounts.merge.") for label in found)
    assert (
        Touchpoint._meta.label_lower + ".account" in found
        and Purchase._meta.label_lower + ".account" in found
    )
