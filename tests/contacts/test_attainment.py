"""Attainment: planned, made, booked, remaining; over-serving hides nothing (docs/domain.md, 5.4)."""

from __future__ import annotations

import csv
import datetime as dt
import io
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Account
from contacts.attainment import Tally, attainment, by_tier, by_user, over_served, periods, total
from contacts.models import AgendaItem
from tests.support.cast import Cast
from tests.support.factories import AccountFactory, AgendaItemFactory, FollowUpFactory, TouchpointFactory

DAY = dt.timedelta(days=1)


def item(
    account: Account, due: dt.date, *, state: str = "open", booked: bool = False, **fields: Any
) -> AgendaItem:
    """A cadence item of the account, in its window of five days either side."""
    closed = state != "open"
    follow_up = FollowUpFactory(
        account=account,
        assignee=account.owner,
        day=due,
        state=("done" if closed else "booked" if booked else "planned"),
        time=dt.time(9) if booked else None,
        closed_at=timezone.now() if closed else None,
    )
    return AgendaItemFactory(
        account=account,
        follow_up=follow_up,
        reason="cadence",
        due=due,
        earliest=due - 5 * DAY,
        latest=due + 5 * DAY,
        state=state,
        closed_at=timezone.now() if closed else None,
        **fields,
    )


def made(account: Account, due: dt.date, on: dt.date) -> AgendaItem:
    """An item that a contact on the day `on` dealt with."""
    contact = TouchpointFactory(account=account, user=account.owner, day=on)
    return item(account, due, state="done", closed_by=contact)


@pytest.mark.parametrize(
    ("today", "expected"),
    [
        (dt.date(2026, 11, 30), ["2026-10-01 2026-12-31", "2026-07-01 2026-09-30", "2026-11-01 2026-11-30"]),
        (dt.date(2027, 2, 28), ["2027-01-01 2027-03-31", "2026-10-01 2026-12-31", "2027-02-01 2027-02-28"]),
    ],
)
def test_the_periods_begin_and_end_with_their_months(today: dt.date, expected: list[str]) -> None:
    assert [f"{one.first} {one.last}" for one in periods(today)] == expected


def test_what_is_planned_is_made_booked_remaining_or_left_out(cast: Cast, today: dt.date) -> None:
    cast.acme.tier = "A"
    cast.acme.save()
    other = AccountFactory(owner=cast.rita)
    made(cast.acme, today, on=today)
    made(cast.acme, today + 70 * DAY, on=today + 90 * DAY)  # late, and still made
    item(cast.acme, today + DAY, booked=True)
    item(other, today + 2 * DAY)
    item(other, today, state="skipped")
    item(other, today, state="withdrawn")
    item(other, today - 13 * DAY)  # 30 September: the quarter before
    AgendaItemFactory(account=other, due=today)  # a person's own idea
    item(cast.brewery, today)  # Carl's
    cells = attainment(cast.rita, [cast.rita.pk], period=periods(today)[0], today=today)
    assert total(cells) == Tally(made=2, booked=1, remaining=1, left_out=1)
    assert by_tier(cells) == [("A", Tally(made=2, booked=1)), (None, Tally(remaining=1, left_out=1))]


def test_contacting_one_account_too_often_does_not_make_up_for_another(cast: Cast, today: dt.date) -> None:
    """Each contact closes the next item long before its turn: that is not more plan, but more than planned."""
    forgotten = AccountFactory(owner=cast.rita)
    item(forgotten, today)
    made(cast.acme, today, on=today)
    for n in range(1, 6):
        made(cast.acme, today + 30 * DAY, on=today + n * DAY)
    period = periods(today)[0]
    assert total(attainment(cast.rita, [cast.rita.pk], period=period, today=today)) == Tally(
        made=1, remaining=1
    )
    (most,) = over_served(cast.rita, [cast.rita.pk], period=period, today=today)
    assert (most.account, most.planned, most.contacts, most.minutes) == (cast.acme.name, 1, 6, 90)


def test_a_manager_sees_the_members_and_others_see_their_own(
    cast: Cast, today: dt.date, time_machine: Any
) -> None:
    time_machine.move_to(dt.datetime.combine(today, dt.time(9, 0), tzinfo=dt.UTC))
    item(cast.acme, today)
    made(cast.brewery, today, on=today)
    item(cast.quarry, today)
    period = periods(today)[0]
    cells = attainment(cast.mona, [cast.rita.pk, cast.carl.pk, cast.otto.pk], period=period, today=today)
    assert by_user(cells) == [
        (cast.carl.pk, "Carl Example", Tally(made=1)),
        (cast.rita.pk, "Rita Example", Tally(remaining=1)),
    ]
    clients = {name: Client() for name in ("rita", "mona", "ada")}
    for name, client in clients.items():
        client.force_login(cast.users[name])
    url = reverse("contacts:attainment")
    assert clients["mona"].get(url, {"who": cast.rita.pk}).status_code == 200
    assert clients["mona"].get(url, {"who": cast.otto.pk}).status_code == 404
    assert clients["rita"].get(url, {"who": cast.carl.pk}).status_code == 404
    assert "0 of 1" in clients["rita"].get(url).content.decode()
    assert "This quarter: 0 of 1 planned contact made" in clients["rita"].get(f"{url}words/").content.decode()
    answer = clients["ada"].get(f"{url}export/csv/")
    lines = list(csv.DictReader(io.StringIO(answer.getvalue().decode("utf-8-sig"))))
    assert [(line["Person"], line["Planned"], line["Made"]) for line in lines] == [
        ("Carl Example", "1", "1"),
        ("Otto Example", "1", "0"),
        ("Rita Example", "1", "0"),
    ]
    assert clients["ada"].get(f"{url}export/xlsx/").status_code == 200
    assert clients["ada"].get(f"{url}export/pdf/").status_code == 404
