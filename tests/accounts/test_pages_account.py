"""The account page: who may open it, what its head and its tabs say, and what it costs."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.http import HttpRequest
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import resolve, reverse
from django.utils import timezone

from accounts import panels
from accounts.models import Account, Acquaintance, PurchaseLine
from accounts.panels import Panel
from accounts.tabs import last_months, years_before
from complaints.models import Complaint
from contacts.coverage import Covered, threads
from contacts.models import Promise
from segmentation.models import TierAssessment, TierChange, TieringRun, TierPin, TierPolicy
from segmentation.panels import periods
from tests.support.cast import Cast
from tests.support.factories import ContactPersonFactory, ProductFactory, PurchaseFactory, TouchpointFactory

DAY = dt.timedelta(days=1)
TABS = ("overview", "timeline", "purchases", "persons", "complaints", "tiers", "history")


def read(client: Client, account: Account, tab: str = "overview") -> str:
    response = client.get(f"/accounts/{account.pk}/{'' if tab == 'overview' else tab + '/'}")
    assert response.status_code == 200
    return response.content.decode()


# Who gets in ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("tab", TABS)
@pytest.mark.parametrize(
    ("name", "status"),
    [("rita", 200), ("carl", 404), ("mona", 200), ("otto", 404), ("nora", 404), ("serge", 200), ("ada", 200)],
)
def test_who_may_open_which_tab(as_user, cast: Cast, name: str, status: int, tab: str) -> None:
    assert as_user(name).get(f"/accounts/{cast.acme.pk}/{tab}/").status_code == status


def test_what_does_not_exist_is_404(as_user, cast: Cast) -> None:
    client = as_user("ada")
    assert client.get("/accounts/999999/").status_code == 404
    assert client.get(f"/accounts/{cast.acme.pk}/nonsense/").status_code == 404


def test_other_apps_may_have_addresses_below_an_account(cast: Cast) -> None:
    assert resolve(f"/accounts/{cast.acme.pk}/history/").view_name == "accounts:tab"
    assert resolve(f"/accounts/{cast.acme.pk}/edit/").view_name == "accounts:edit"


def test_a_purchase_is_found_under_its_own_account_only(as_user, cast: Cast) -> None:
    purchase = PurchaseFactory(account=cast.acme, number="FV/7")
    client = as_user("ada")
    assert client.get(f"/accounts/{cast.acme.pk}/purchases/{purchase.pk}/").status_code == 200
    assert client.get(f"/accounts/{cast.brewery.pk}/purchases/{purchase.pk}/").status_code == 404
    assert as_user("carl").get(f"/accounts/{cast.acme.pk}/purchases/{purchase.pk}/").status_code == 404


def test_a_service_agent_reads_and_changes_nothing(as_user, cast: Cast) -> None:
    ContactPersonFactory(account=cast.acme)
    for tab in TABS:
        page = read(as_user("serge"), cast.acme, tab)
        assert "/edit/" not in page
        assert "/archive/" not in page
        assert "/persons/new/" not in page
    assert "/edit/" in read(as_user("rita"), cast.acme)


def test_a_tab_can_be_kept_from_somebody(as_user, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    history = next(panel for panel in panels.panels() if panel.slug == "history")
    monkeypatch.setattr(history, "visible", lambda user: user.is_admin)
    assert as_user("rita").get(f"/accounts/{cast.acme.pk}/history/").status_code == 404
    assert "/history/" not in read(as_user("rita"), cast.acme)
    assert as_user("ada").get(f"/accounts/{cast.acme.pk}/history/").status_code == 200


def test_only_the_open_tab_loads(as_user, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = []

    def note(self: Panel, account: Account, request: HttpRequest) -> dict:
        loaded.append(self.slug)
        return {}

    for panel in panels.panels():
        if panel.slug != "purchases":
            monkeypatch.setattr(type(panel), "load", note)
    read(as_user("rita"), cast.acme, "purchases")
    assert loaded == []


# The head ------------------------------------------------------------------------------------------------------------
def test_the_head_says_what_matters(as_user, cast: Cast, today: dt.date) -> None:
    acme = cast.acme
    PurchaseFactory(account=acme, ordered_on=today - 400 * DAY, cents=100_000)
    Account.objects.filter(pk=acme.pk).update(
        tier="A",
        phase="lapsing",
        character="difficult",
        sales_12m_cents=62_000,
        last_purchase_on=today - 94 * DAY,
        mean_gap_days=21.4,
        last_contact_on=today - 12 * DAY,
        phone="+48 (600) 100-201",
        email="biuro@acme.example",
    )
    TouchpointFactory(account=acme, user=cast.rita, day=today - 12 * DAY, minutes=30, outcome="nothing")
    TouchpointFactory(account=acme, user=cast.rita, day=today - 2 * DAY, minutes=5, outcome="not_reached")
    TouchpointFactory(account=acme, user=cast.rita, day=today - 3 * DAY, minutes=600, channel="broadcast")
    TouchpointFactory(account=acme, user=cast.rita, day=today - 400 * DAY, minutes=600)
    for n, state in enumerate(["kept", "kept", "broken", "withdrawn", "open"]):
        Promise.objects.create(
            account=acme,
            made_by=cast.rita,
            words="Price list",
            made_on=today - 9 * DAY,
            due_on=today + n * DAY,
            state=state,
        )
    page = read(as_user("rita"), acme)
    assert "No. ACME" in page
    assert "lapsing" in page
    assert "difficult" in page
    assert 'href="tel:+48600100201"' in page
    assert 'href="mailto:biuro@acme.example"' in page
    assert "620 €" in page
    assert "−38 % on the 12 months before" in page.replace("\xa0", " ")
    assert "94 days ago" in page
    assert "lapsing, was every 21 days" in page
    assert "12 days ago" in page
    assert "phone, by you" in page
    assert "1,063 €" in page  # 620 / (35 minutes)
    assert "35 min in 12 months" in page
    assert "2 of 3" in page
    assert "one due Sat 17 Oct" in page
    assert "phone, by Rita Example" in read(as_user("mona"), acme)


def test_the_parent_shows_the_sum_of_what_the_reader_may_see(as_user, cast: Cast) -> None:
    Account.objects.filter(pk=cast.brewery.pk).update(parent=cast.acme, sales_12m_cents=150_000)
    Account.objects.filter(pk=cast.quarry.pk).update(parent=cast.acme, sales_12m_cents=700_000)
    everything = read(as_user("ada"), cast.acme)
    assert "2 sites" in everything
    assert "8,500" in everything
    hers = read(as_user("mona"), cast.acme)  # Otto's quarry is none of Mona's
    assert "1 site," in hers
    assert "8,500" not in hers
    assert "Kamieniołom" not in hers


def test_a_site_names_its_parent_only_to_those_who_may_see_it(as_user, cast: Cast) -> None:
    Account.objects.filter(pk=cast.acme.pk).update(parent=cast.quarry)
    assert "Kamieniołom" in read(as_user("ada"), cast.acme)
    assert "Kamieniołom" not in read(as_user("rita"), cast.acme)


# Blocks and tabs -----------------------------------------------------------------------------------------------------
def test_24_months_of_purchases_as_a_picture(as_user, cast: Cast, today: dt.date) -> None:
    PurchaseFactory(account=cast.acme, ordered_on=today, cents=123_400)
    PurchaseFactory(account=cast.acme, ordered_on=dt.date(2024, 11, 1), cents=55_500)
    PurchaseFactory(account=cast.acme, ordered_on=dt.date(2024, 10, 31), cents=99_900)  # too long ago
    page = read(as_user("rita"), cast.acme)
    assert "Nov 2024 to Oct 2025: 555" in page
    assert "Nov 2025 to Oct 2026: 1,234" in page


def test_a_prospect_has_words_instead_of_a_picture(as_user, cast: Cast) -> None:
    page = read(as_user("rita"), cast.acme)
    assert "prospect" in page
    assert "<figure" not in page


def test_months_and_years() -> None:
    assert last_months(dt.date(2026, 1, 31), 3) == [
        dt.date(2025, 11, 1),
        dt.date(2025, 12, 1),
        dt.date(2026, 1, 1),
    ]
    assert years_before(dt.date(2024, 2, 29), 1) == dt.date(2023, 2, 28)
    assert years_before(dt.date(2026, 3, 1), 2) == dt.date(2024, 3, 1)


KNOWN = Covered("Bogdan", known_by=frozenset({"Rita"}), met_by=frozenset({"Rita"}))


@pytest.mark.parametrize(("name", "offered"), [("rita", True), ("serge", False)])
def test_the_overview_offers_to_add_a_person_to_who_may(
    as_user, cast: Cast, name: str, offered: bool
) -> None:
    link = f'<span class="end"><a href="/accounts/{cast.acme.pk}/persons/new/">'
    assert (link in read(as_user(name), cast.acme)) is offered


@pytest.mark.parametrize(
    ("tier", "persons", "said"),
    [
        ("A", [], ["Nobody to talk to."]),
        ("C", [], []),
        (None, [], []),
        ("B", [Covered("Bogdan", met_by=frozenset({"Rita"}))], ["Nobody is known well.", "Who decides?"]),
        ("A", [KNOWN, Covered("Iwona")], ["Hangs on one thread.", "Who decides?"]),
        (
            "A",
            [KNOWN, Covered("Iwona", decides=True, known_by=frozenset({"Rita"}), met_by=frozenset({"Rita"}))],
            ["Hangs on one thread."],  # ours: only Rita knows them
        ),
        (
            "A",
            [KNOWN, Covered("Iwona", decides=True, known_by=frozenset({"Carl"}), met_by=frozenset({"Carl"}))],
            [],
        ),
        (
            "B",
            [
                KNOWN,
                Covered("Ewa", known_by=frozenset({"Carl"}), met_by=frozenset({"Carl"})),
                Covered("Wilhelmina", decides=True),
            ],
            ["The one who decides is a stranger."],
        ),
    ],
)
def test_what_hangs_on_one_thread(tier: str | None, persons: list[Covered], said: list[str]) -> None:
    assert [thread.strong for thread in threads(persons, tier=tier)] == said


def test_persons_with_who_knows_them_and_when_they_were_met(as_user, cast: Cast, today: dt.date) -> None:
    Account.objects.filter(pk=cast.acme.pk).update(tier="A")
    bogdan = ContactPersonFactory(account=cast.acme, name="Bogdan Malinowski", buying_role="decides")
    ContactPersonFactory(account=cast.acme, name="Adam Dawny", left_on=today - DAY)
    Acquaintance.objects.create(person=bogdan, user=cast.rita, strength=3)
    TouchpointFactory(account=cast.acme, user=cast.rita, day=today - 5 * DAY).persons.add(bogdan)
    taken_back = TouchpointFactory(account=cast.acme, user=cast.rita, day=today, deleted_at=timezone.now())
    taken_back.persons.add(bogdan)
    page = read(as_user("rita"), cast.acme)
    assert "Rita Example, well" in page
    assert "Thu 8 Oct" in page
    assert "Only Bogdan Malinowski knows us well." in page
    assert "Adam Dawny" not in page
    tab = read(as_user("rita"), cast.acme, "persons")
    assert "Adam Dawny" in tab
    assert "left on" in tab


def test_purchases_with_lines_and_pages(as_user, cast: Cast, today: dt.date) -> None:
    late = PurchaseFactory(
        account=cast.acme,
        number="FV/LATE",
        ordered_on=today - 30 * DAY,
        promised_on=today - 20 * DAY,
        delivered_on=today - 10 * DAY,
        due_on=today - 5 * DAY,
        cents=-12_345,
    )
    PurchaseLine.objects.create(
        purchase=late,
        position=1,
        product=ProductFactory(name="Pump X"),
        quantity="-2.5000",
        unit_price="49.38",
        amount="-123.45",
    )
    for n in range(60):
        PurchaseFactory(account=cast.acme, number=f"FV/{n:02d}", ordered_on=today - 40 * DAY)
    client = as_user("rita")
    page = read(client, cast.acme, "purchases")
    assert page.count('role="rowheader"') == 50
    assert "−123.45" in page
    assert "was for Wed 23 Sep" in page
    assert "due Thu 8 Oct" in page
    assert "1 to 50 of 61" in page
    second = client.get(f"/accounts/{cast.acme.pk}/purchases/", {"page": 2}).content.decode()
    assert second.count('role="rowheader"') == 11
    one = client.get(f"/accounts/{cast.acme.pk}/purchases/{late.pk}/").content.decode()
    assert "Pump X" in one
    assert "−2.5<" in one
    assert "−123.45" in one


def test_complaints_open_ones_first(as_user, cast: Cast, today: dt.date) -> None:
    for number, opened, closed in [("C-1", 9, None), ("C-2", 3, 1), ("C-3", 90, None)]:
        Complaint.objects.create(
            account=cast.acme,
            number=number,
            category_id="quality",
            words="It <b>leaks</b>.",
            opened_on=today - opened * DAY,
            closed_on=closed and today - closed * DAY,
            state="closed" if closed else "new",
        )
    page = read(as_user("rita"), cast.acme, "complaints")
    assert [page.index(number) for number in ("C-1", "C-3", "C-2")] == sorted(
        page.index(number) for number in ("C-1", "C-3", "C-2")
    )
    assert "It &lt;b&gt;leaks" in page
    assert "closed Mon 12 Oct" in page


@pytest.fixture
def run(cast: Cast, today: dt.date) -> TieringRun:
    now = timezone.now()
    return TieringRun.objects.create(
        as_of=dt.date(2026, 9, 30),
        policy=TierPolicy.objects.create(version=1, in_force=True),
        state="in_review",
        started_at=now,
        completed_at=now,
        review_until=today,
    )


def assess(run: TieringRun, account: Account, **fields) -> TierAssessment:
    return TierAssessment.objects.create(
        **{
            "run": run,
            "account": account,
            "revenue_cents": 300_000,
            "previous_revenue_cents": 200_000,
            "value_cents": 300_000,
            "preceding_cents": 0,
            "ranked_cents": 300_000,
            "active_quarters": 2,
            "orders": 3,
            "tenure_months": 30,
            "days_since_purchase": 5,
            "contact_minutes": 30,
            "complaints": 0,
            "previous_tier": "A",
            "tier": "B",
            "trail": "volume:A>systematic:B",
        }
        | fields
    )


def test_why_this_tier_in_words_and_figures(as_user, cast: Cast, run: TieringRun) -> None:
    Account.objects.filter(pk=cast.acme.pk).update(tier="B")
    assess(run, cast.acme)
    page = read(as_user("rita"), cast.acme)
    assert "Why tier B" in page
    assert "Bought in 2 of 4 quarters; A needs 3" in page
    assert "As of Wed 30 Sep" in page
    Account.objects.filter(pk=cast.acme.pk).update(tier="A")
    assert "the last run found B" in read(as_user("rita"), cast.acme)


def test_tier_history_for_all_and_its_reasons_for_deciders(as_user, cast: Cast, run: TieringRun) -> None:
    now = timezone.now()
    pin = TierPin.objects.create(
        account=cast.acme,
        tier="A",
        first_day=dt.date(2026, 1, 5),
        last_day=dt.date(2026, 3, 31),
        reason="New plant",
        actor=cast.mona,
    )
    steps = [
        {"state": "applied", "from_tier": None, "to_tier": "C", "applied_on": dt.date(2025, 4, 1)},
        {"state": "pin", "from_tier": "C", "to_tier": "A", "applied_on": pin.first_day, "pin": pin},
        {
            "state": "accepted",
            "from_tier": "A",
            "to_tier": "B",
            "applied_on": dt.date(2026, 10, 12),
            "run": run,
            "actor": cast.mona,
            "reason": "personality",
            "note": "They cannot stand each other.",
        },
    ]
    for step in steps:
        TierChange.objects.create(account=cast.acme, proposed_at=now, decided_at=now, **step)
    TierChange.objects.create(
        account=cast.acme, proposed_at=now, state="proposed", from_tier="B", to_tier="C", proposed_tier="C"
    )
    rep = read(as_user("rita"), cast.acme, "tiers")
    assert "Mon 12 Oct" in rep
    assert "Sun 11 Oct" in rep  # the day the period before it ended
    assert "Wed 30 Sep" in rep  # the run
    assert "Proposed now" in rep  # a rep may say what they know of it before it is decided
    for secret in ("personality", "cannot stand", "Mona Example", "New plant", "Proposed and not applied"):
        assert secret.lower() not in rep.lower()
    manager = read(as_user("mona"), cast.acme, "tiers")
    for told in (
        "Personality conflict",
        "cannot stand",
        "Mona Example",
        "New plant",
        "Proposed and not applied",
    ):
        assert told in manager


def test_periods_follow_each_other() -> None:
    changes = [
        TierChange(to_tier="B", applied_on=dt.date(2025, 1, 1)),
        TierChange(to_tier=None, applied_on=dt.date(2025, 7, 1)),
        TierChange(to_tier="A", applied_on=dt.date(2026, 1, 1)),
    ]
    assert [(each.tier, each.first_day, each.last_day) for each in periods(changes)] == [
        ("A", dt.date(2026, 1, 1), None),
        (None, dt.date(2025, 7, 1), dt.date(2025, 12, 31)),
        ("B", dt.date(2025, 1, 1), dt.date(2025, 6, 30)),
    ]


# What it costs -------------------------------------------------------------------------------------------------------
def fill(cast: Cast, today: dt.date, rows: int, first: int = 0) -> None:
    """`rows` of everything that hangs on one account."""
    for n in range(first, first + rows):
        person = ContactPersonFactory(account=cast.acme, buying_role="decides")
        Acquaintance.objects.create(person=person, user=cast.carl)
        PurchaseFactory(account=cast.acme, ordered_on=today - n * DAY)
        TouchpointFactory(account=cast.acme, user=cast.carl, day=today - n * DAY).persons.add(person)
        Complaint.objects.create(
            account=cast.acme, number=f"R{n}", category_id="other", words="Late.", opened_on=today
        )
        Promise.objects.create(
            account=cast.acme, made_by=cast.rita, words="x", made_on=today, due_on=today + n * DAY
        )
        cast.acme.notes = f"note {n}"
        cast.acme.save()


def test_every_tab_costs_the_same_with_few_and_with_many(
    as_user, cast: Cast, today: dt.date, run: TieringRun
) -> None:
    assess(run, cast.acme)
    client = as_user("rita")

    def ask(tab: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            read(client, cast.acme, tab)
        return len(queries)

    fill(cast, today, 3)
    ask("overview")
    few = {tab: ask(tab) for tab in TABS}
    fill(cast, today, 100, first=3)
    assert {tab: ask(tab) for tab in TABS} == few
    assert max(few.values()) <= 14, few


def test_the_address_of_an_account(cast: Cast) -> None:
    assert cast.acme.get_absolute_url() == reverse("accounts:detail", args=[cast.acme.pk])
