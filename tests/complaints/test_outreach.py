"""A faulty product: who else bought it, who may see that, and the calls on the owners' queues."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Account, Product
from complaints import outreach
from complaints.errors import BadInput
from complaints.models import Complaint
from contacts.models import AgendaItem, FollowUp
from crm.team.models import User
from tests.support.cast import Cast
from tests.support.factories import (
    AccountFactory,
    ComplaintFactory,
    ProductFactory,
    PurchaseFactory,
    PurchaseLineFactory,
)

NOW = dt.datetime(2026, 10, 13, 8, 0, tzinfo=dt.UTC)  # a Tuesday
TODAY = dt.date(2026, 10, 13)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock(time_machine: Any) -> None:
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def pump() -> Product:
    return ProductFactory(name="Pump")


@pytest.fixture
def complaint(cast: Cast, pump: Product) -> Complaint:
    buy(cast.acme, pump)
    return ComplaintFactory(account=cast.acme, product=pump, batch="B7", number="R-7")


def buy(
    account: Account, product: Product, day: dt.date = dt.date(2026, 9, 1), cents: int = 10_000
) -> Account:
    purchase = PurchaseFactory(account=account, ordered_on=day, cents=cents)
    PurchaseLineFactory(purchase=purchase, product=product)
    return account


def found(complaint: Complaint, user: User) -> list[str]:
    rows = outreach.buyers(outreach.products_of(complaint), complaint=complaint, today=TODAY)
    seen = rows.visible_to(user, on=TODAY)
    news = outreach.with_news(seen, outreach.products_of(complaint), complaint=complaint, today=TODAY)
    return [one.code for one in news]


def ask(complaint: Complaint, actor: User, ids: list[int] | None = None, **given: Any) -> outreach.Asked:
    return outreach.ask_owners(
        complaint=complaint, account_ids=ids, actor=actor, today=TODAY, **{"now": NOW, **given}
    )


def items(complaint: Complaint) -> Any:
    return AgendaItem.objects.filter(source=f"complaint:{complaint.pk}:outreach")


def test_who_bought_it_largest_first_within_two_years(
    cast: Cast, pump: Product, complaint: Complaint
) -> None:
    small = buy(AccountFactory(code="SMALL", owner=cast.rita, sales_12m_cents=10), pump)
    buy(AccountFactory(code="LARGE", owner=cast.rita, sales_12m_cents=99), pump)
    buy(small, pump)  # twice is once
    buy(AccountFactory(code="OLD", owner=cast.rita), pump, dt.date(2024, 10, 13))
    buy(AccountFactory(code="CREDIT", owner=cast.rita), pump, cents=-500)
    buy(AccountFactory(code="GONE", owner=cast.rita, archived_at=NOW), pump)
    buy(AccountFactory(code="OTHER", owner=cast.rita), ProductFactory())
    assert found(complaint, cast.rita) == ["LARGE", "SMALL"]


def test_the_products_of_its_lines_where_it_names_none(
    cast: Cast, pump: Product, complaint: Complaint
) -> None:
    valve = ProductFactory(name="Valve")
    complaint.product = None
    complaint.save()
    for product in (pump, valve):
        line = PurchaseLineFactory(purchase=PurchaseFactory(account=cast.acme), product=product)
        complaint.lines.add(line)
    buy(cast.brewery, valve)
    assert found(complaint, cast.ada) == ["BREW"]


def test_what_is_not_seen_is_counted_only(
    cast: Cast, pump: Product, complaint: Complaint, client: Client
) -> None:
    buy(cast.quarry, pump)
    buy(AccountFactory(code="MINE", name="Mine", owner=cast.rita), pump)
    client.force_login(cast.rita)
    page = client.get(reverse("complaint:outreach", args=[complaint.pk])).content.decode()
    assert "Mine" in page and cast.quarry.name not in page
    assert "and 1 that you do not see" in page
    assert "B7" in page


def test_without_a_product_there_is_no_list(cast: Cast, client: Client) -> None:
    complaint = ComplaintFactory(account=cast.acme)
    client.force_login(cast.rita)
    assert client.get(reverse("complaint:outreach", args=[complaint.pk])).status_code == 404


def test_a_call_on_each_owners_queue_once(cast: Cast, pump: Product, complaint: Complaint) -> None:
    for account in (cast.brewery, cast.quarry, cast.orphan):
        buy(account, pump)
    assert ask(complaint, cast.ada) == outreach.Asked(asked=2, standing=0, nobody=1)
    owners = {item.follow_up.assignee for item in items(complaint).select_related("follow_up__assignee")}
    assert owners == {cast.carl, cast.otto}
    item = items(complaint).first()
    assert "Pump" in item.words and "B7" in item.words and "R-7" in item.words
    later = NOW + dt.timedelta(hours=1)
    assert ask(complaint, cast.ada, now=later) == outreach.Asked(asked=0, standing=2, nobody=1)
    assert items(complaint).count() == 2


def test_one_that_was_told_is_not_asked_for_again(cast: Cast, pump: Product, complaint: Complaint) -> None:
    buy(cast.brewery, pump)
    ask(complaint, cast.ada)
    items(complaint).update(state="done", closed_at=NOW)
    FollowUp.objects.update(state="done", closed_at=NOW)
    assert ask(complaint, cast.ada, now=NOW + dt.timedelta(days=1)).asked == 0
    rows = outreach.with_news(Account.objects.all(), [pump], complaint=complaint, today=TODAY)
    assert rows.get(pk=cast.brewery.pk).outreach == "done"
    tally = outreach.tally(Account.objects.filter(pk=cast.brewery.pk), complaint=complaint)
    assert tally == {"all": 1, "open": 0, "done": 1}


def test_nobody_is_asked_about_what_the_actor_does_not_see(
    cast: Cast, pump: Product, complaint: Complaint
) -> None:
    buy(cast.quarry, pump)
    with pytest.raises(BadInput):
        ask(complaint, cast.rita, [cast.quarry.pk])
    with pytest.raises(BadInput):
        ask(complaint, cast.rita)
    with pytest.raises(BadInput):
        ask(complaint, cast.ada, [cast.brewery.pk])  # did not buy it
    assert not items(complaint).exists()


def test_the_largest_come_first_over_five_working_days(
    cast: Cast, pump: Product, complaint: Complaint
) -> None:
    for number in range(10):
        buy(AccountFactory(owner=cast.rita, sales_12m_cents=number), pump)
    ask(complaint, cast.rita)
    days = [
        (item.account.sales_12m_cents, item.follow_up.day)
        for item in items(complaint).select_related("account", "follow_up")
    ]
    in_order = [day for _sales, day in sorted(days, reverse=True)]
    assert in_order == sorted(in_order)
    week = [dt.date(2026, 10, day) for day in (13, 14, 15, 16, 19)]
    assert in_order == [day for day in week for _twice in (1, 2)]


def test_undo_takes_back_what_nobody_has_touched(
    cast: Cast, pump: Product, complaint: Complaint, client: Client
) -> None:
    earlier = buy(AccountFactory(owner=cast.rita), pump)
    ask(complaint, cast.rita, [earlier.pk], now=NOW - dt.timedelta(days=1))
    untouched, moved = (buy(AccountFactory(owner=cast.rita), pump) for _one in "ab")
    client.force_login(cast.rita)
    client.post(reverse("complaint:outreach_ask", args=[complaint.pk]), {"all": "1"})
    FollowUp.objects.filter(account=moved).update(moved_by_hand=True)
    page = client.get(reverse("complaint:outreach", args=[complaint.pk])).content.decode()
    assert "2 calls are on their owners&#x27; queues. 1 was there before." in page
    start = page.index('action="', page.index("data-toast")) + len('action="')
    address = page[start : page.index('"', start)]
    stranger = Client()
    stranger.force_login(cast.mona)
    stranger.post(address)
    assert items(complaint).open().count() == 3
    client.post(address)
    left = set(items(complaint).open().values_list("account", flat=True))
    assert left == {earlier.pk, moved.pk}
    assert FollowUp.objects.get(account=untouched).state == "cancelled"


def test_statements_do_not_grow(cast: Cast, pump: Product, complaint: Complaint, client: Client) -> None:
    client.force_login(cast.ada)
    address = reverse("complaint:outreach", args=[complaint.pk])
    found(complaint, cast.ada)  # whom she stands for is asked once

    def cost(first: int, number: int) -> tuple[int, int]:
        for _number in range(first, first + number):
            buy(AccountFactory(owner=cast.rita), pump)
        client.get(address)
        with CaptureQueriesContext(connection) as page:
            client.get(address)
        with CaptureQueriesContext(connection) as act:
            ask(complaint, cast.ada, now=NOW + dt.timedelta(minutes=first))
        return len(page), len(act)

    assert cost(0, 2) == cost(2, 40)


def test_files(cast: Cast, pump: Product, complaint: Complaint, client: Client) -> None:
    buy(AccountFactory(code="=1+1", name="Mine", owner=cast.rita, tier="B", sales_12m_cents=123_456), pump)
    ask(complaint, cast.rita)
    client.force_login(cast.rita)
    answer = client.get(reverse("complaint:outreach_export", args=[complaint.pk, "csv"]))
    lines = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()
    assert lines[1] == "'=1+1,Mine,Rita Example,B,1234.56,2026-09-01,,on the queue,"
    answer = client.get(reverse("complaint:outreach_export", args=[complaint.pk, "xlsx"]))
    workbook = zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content)))
    assert b"1234.56" in workbook.read("xl/worksheets/sheet1.xml")
    assert client.get(reverse("complaint:outreach_export", args=[complaint.pk, "pdf"])).status_code == 404
