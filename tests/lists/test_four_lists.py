"""Persons, purchases and touchpoints: who sees what, what is found, and that long lists give the rows short ones do."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Account, ProductLine, PurchaseLine
from contacts.models import Touchpoint
from crm.lists import paging, showing
from crm.team.models import Absence
from tests.support.bulk import make_bulk
from tests.support.cast import Cast
from tests.support.factories import (
    ContactPersonFactory,
    ProductFactory,
    PurchaseFactory,
    TouchpointFactory,
)

As = Callable[[str], Client]
DAY = dt.timedelta(days=1)
PERSONS, PURCHASES, TOUCHPOINTS = "/persons/", "/purchases/", "/touchpoints/"


def shown(answer: Any, key: str = "pk") -> list[Any]:
    assert answer.status_code == 200
    return [row[key] for row in answer.context["page"].rows]


@pytest.fixture
def one_each(cast: Cast) -> Cast:
    """A person, a purchase and a touchpoint at each account of the cast, all named after it."""
    for account in (cast.acme, cast.brewery, cast.quarry, cast.orphan):
        ContactPersonFactory(account=account, name=f"Person {account.code}")
        PurchaseFactory(account=account, number=f"{account.code}/1")
        TouchpointFactory(account=account, user=account.owner or cast.ada, note=f"Note of {account.code}")
    return cast


@pytest.mark.parametrize("path", [PERSONS, PURCHASES, TOUCHPOINTS])
@pytest.mark.parametrize(
    ("name", "codes"),
    [
        ("rita", {"ACME"}),
        ("mona", {"ACME", "BREW", "ORPHAN"}),
        ("nora", {"QUARRY", "ORPHAN"}),
        ("serge", {"ACME", "BREW", "QUARRY", "ORPHAN"}),
        ("ada", {"ACME", "BREW", "QUARRY", "ORPHAN"}),
    ],
)
def test_each_role_sees_what_hangs_on_its_accounts(
    as_user: As, one_each: Cast, path: str, name: str, codes: set[str]
) -> None:
    client = as_user(name)
    assert set(shown(client.get(path, {"columns": "name,account,code"}), "account__code")) == codes
    html = client.get(path, {"q": "a"}).content.decode()
    for account in (one_each.acme, one_each.brewery, one_each.quarry, one_each.orphan):
        if account.code not in codes:
            assert account.name not in html
    slug = path.strip("/")
    file = b"".join(
        client.get(f"/lists/{slug}.csv", {"columns": "name,account,code"}).streaming_content
    ).decode()
    for code in ("ACME", "BREW", "QUARRY", "ORPHAN"):
        assert (f"{code}\r\n" in file or f"{code}," in file) == (code in codes), (name, code)


# Persons ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "words", ["nowák", "wislopol anna", "600 100 201", "+48 600-100-201", "anna.n@", "Anna Nowak"]
)
def test_persons_are_found(as_user: As, cast: Cast, words: str) -> None:
    Account.objects.filter(pk=cast.acme.pk).update(search_key="wislopol acme")
    anna = ContactPersonFactory(
        account=cast.acme, name="Anna Nowak", phone="600100201", email="anna.n@example.com"
    )
    ContactPersonFactory(account=cast.acme, name="Bogdan Malinowski", phone="600 100 999")
    assert shown(as_user("rita").get(PERSONS, {"q": words})) == [anna.pk]


def test_filters_of_persons(as_user: As, cast: Cast, today: dt.date) -> None:
    decider = ContactPersonFactory(account=cast.acme, buying_role="decides", consents_to_mail=True, phone="1")
    gone = ContactPersonFactory(account=cast.acme, left_on=today - DAY)
    silent = ContactPersonFactory(account=cast.acme, buying_role="uses")
    merged = ContactPersonFactory(account=cast.acme, merged_into=silent)
    client = as_user("rita")
    assert set(shown(client.get(PERSONS, {"role": ""}))) == {decider.pk, silent.pk}
    assert shown(client.get(PERSONS, {"role": "decides"})) == [decider.pk]
    assert shown(client.get(PERSONS, {"without": "any"})) == [silent.pk]
    assert shown(client.get(PERSONS, {"without": "phone"})) == [silent.pk]
    assert shown(client.get(PERSONS, {"left": "1"})) == [gone.pk]
    assert merged.pk not in shown(client.get(PERSONS, {"left": ""}))
    Account.objects.filter(pk=cast.acme.pk).update(archived_at=timezone.now())
    assert shown(client.get(PERSONS, {"role": ""})) == []


def test_when_a_person_was_last_met(as_user: As, cast: Cast, today: dt.date) -> None:
    person = ContactPersonFactory(account=cast.acme)
    for days, deleted in ((9, None), (4, None), (1, timezone.now())):
        met = TouchpointFactory(account=cast.acme, user=cast.rita, day=today - days * DAY, deleted_at=deleted)
        met.persons.add(person)
    assert shown(as_user("rita").get(PERSONS), "last_met") == [today - 4 * DAY]


# Purchases ----------------------------------------------------------------------------------------------------------
def test_filters_of_purchases(as_user: As, cast: Cast, today: dt.date) -> None:
    def purchase(**given: Any) -> int:
        return PurchaseFactory(**{"account": cast.acme, "ordered_on": today - 40 * DAY, **given}).pk

    overdue = purchase(due_on=today - DAY)
    coming = purchase(due_on=today + DAY, ordered_on=today - 2 * DAY, cents=500_000)
    late = purchase(due_on=today - 30 * DAY, paid_on=today - 20 * DAY)
    back = purchase(cents=-5_000, paid_on=today)
    client = as_user("rita")

    def ask(**asked: str) -> set[int]:
        return set(shown(client.get(PURCHASES, {"tier": "", **asked})))

    assert ask(payment="overdue") == {overdue}
    assert ask(payment="unpaid") == {overdue, coming}
    assert ask(payment="late") == {late}
    assert ask(period="30") == {coming}
    assert ask(returns="1") == {back}
    assert ask(amount="1 000,50") == {coming}
    assert ask(**{"from": (today - 3 * DAY).isoformat()}) == {coming}
    for nonsense in ({"amount": "many"}, {"amount": "NaN"}, {"from": "31 February"}, {"amount": "1e999"}):
        assert len(ask(**nonsense)) in (0, 4)
    product = ProductFactory(code="PUMP-7", line=ProductLine.objects.create(name="Pumps"))
    PurchaseLine.objects.create(purchase_id=late, position=1, product=product, amount=1)
    assert ask(product="PUMP") == {late}
    assert ask(product="pump") == set()


def test_purchases_are_found_by_number_and_account(as_user: As, one_each: Cast) -> None:
    client = as_user("mona")
    assert shown(client.get(PURCHASES, {"q": "ACME/1"}), "number") == ["ACME/1"]
    assert shown(client.get(PURCHASES, {"q": "browar"}), "number") == ["BREW/1"]
    assert shown(client.get(PURCHASES, {"q": "QUARRY/1"}), "number") == []


# Touchpoints --------------------------------------------------------------------------------------------------------
def test_own_entries_of_a_substitute_stay_without_the_account(
    as_user: As, cast: Cast, today: dt.date
) -> None:
    absence = Absence.objects.create(user=cast.carl, substitute=cast.rita, first_day=today, last_day=today)
    Account.objects.filter(pk=cast.brewery.pk).update(tier="A")
    person = ContactPersonFactory(account=cast.brewery, name="Karol Browarnik")
    own = TouchpointFactory(account=cast.brewery, user=cast.rita, day=today, note="Rang for Carl")
    own.persons.add(person)
    TouchpointFactory(account=cast.brewery, user=cast.carl, day=today, note="Carl's own")
    everything = {"columns": "when,account,code,tier,city,persons,note"}

    standing_in = as_user("rita").get(TOUCHPOINTS, everything)
    assert len(shown(standing_in)) == 2 and "Browar Zamkowy" in standing_in.content.decode()

    Absence.objects.filter(pk=absence.pk).update(first_day=today - 9 * DAY, last_day=today - DAY)
    client = as_user("rita")
    after = client.get(TOUCHPOINTS, everything)
    assert shown(after) == [own.pk]
    html = after.content.decode()
    assert "Rang for Carl" in html and "An account you no longer see" in html
    file = b"".join(client.get("/lists/touchpoints.csv", everything).streaming_content).decode()
    assert "Rang for Carl" in file
    for secret in ("Browar Zamkowy", "BREW", "Kraków", "Karol", f"/accounts/{cast.brewery.pk}/"):
        assert secret not in file and secret not in html.split("<tbody")[1]
    # Nor do words and filters tell what account it was.
    assert shown(client.get(TOUCHPOINTS, {"q": "browar"})) == []
    assert shown(client.get(TOUCHPOINTS, {"tier": "A"})) == []
    assert shown(client.get(TOUCHPOINTS, {"q": "rang"})) == [own.pk]


def test_filters_of_touchpoints(as_user: As, cast: Cast, today: dt.date) -> None:
    visit = TouchpointFactory(account=cast.acme, user=cast.rita, day=today, channel="visit", note="Wants A4")
    call = TouchpointFactory(
        account=cast.brewery, user=cast.carl, day=today - 20 * DAY, channel="phone", outcome="not_reached"
    )
    TouchpointFactory(account=cast.acme, user=cast.rita, deleted_at=timezone.now(), note="Wants A4")
    client = as_user("mona")

    def ask(**asked: str) -> list[int]:
        return shown(client.get(TOUCHPOINTS, {"who": "", **asked}))

    assert ask() == [visit.pk, call.pk]
    assert ask(channel="visit") == [visit.pk]
    assert ask(outcome="not_reached") == [call.pk]
    assert ask(period="7") == [visit.pk]
    assert ask(who="team") == [visit.pk, call.pk]
    assert ask(who="mine") == []
    assert ask(who=str(cast.carl.pk)) == [call.pk]
    assert ask(q="wants a4") == [visit.pk]
    assert ask(q="acme wants") == [visit.pk]


# Long lists ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("path", ["/accounts/", PERSONS, PURCHASES, TOUCHPOINTS])
@pytest.mark.parametrize("name", ["rita", "mona", "ada"])
def test_a_page_of_a_long_list_is_found_otherwise_and_is_the_same(
    as_user: As, cast: Cast, today: dt.date, monkeypatch: pytest.MonkeyPatch, path: str, name: str
) -> None:
    make_bulk(cast, rows=60, today=today)
    # Own entries elsewhere, and several on one day.
    for n in range(4):
        TouchpointFactory(account=cast.quarry, user=cast.rita, day=today - 41 * DAY, note=str(n))
    client = as_user(name)
    pages = ["1", "2", "3"] if path in (PURCHASES, TOUCHPOINTS) else ["1", "2"]
    short = [shown(client.get(path, {"page": page})) for page in pages]
    for module in (paging, showing):
        monkeypatch.setattr(module, "COUNTED", 20)
    long = [shown(client.get(path, {"page": page})) for page in pages]
    assert long == short
    first = client.get(path)
    assert first.context["page"].paginator.count_words == "20+"
    exact = client.get(path, {"count": "all"}).context["page"].paginator
    assert exact.count_words == str(exact.count) and exact.count >= sum(map(len, short)) > 20
    assert "count them" in first.content.decode()


def test_an_order_without_an_index_is_kept_to_short_lists(
    as_user: As, cast: Cast, today: dt.date, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_bulk(cast, rows=30, today=today)
    client = as_user("rita")
    asked = {"sort": "-contacted", "columns": "name,contacted"}
    assert [h.aria_sort for h in client.get("/accounts/", asked).context["headings"]] == ["", "descending"]
    for module in (paging, showing):
        monkeypatch.setattr(module, "COUNTED", 20)
    long = client.get("/accounts/", asked)
    assert [(h.aria_sort, h.too_many) for h in long.context["headings"]] == [("ascending", False), ("", True)]
    assert "More than 20 rows cannot be sorted by “Last contact”" in long.content.decode()


def test_touchpoints_that_were_taken_back_are_in_no_list(as_user: As, cast: Cast) -> None:
    TouchpointFactory(account=cast.acme, user=cast.rita, deleted_at=timezone.now())
    assert Touchpoint.objects.count() == 1
    assert shown(as_user("rita").get(TOUCHPOINTS)) == []
