"""Standing in for somebody, and coming back (docs/domain.md, 1 and 5.3)."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.editing import change_account, version_of
from complaints.models import Complaint
from contacts.models import Promise, Touchpoint
from crm.team.models import Absence
from segmentation.models import TierChange
from tests.support.cast import Cast
from tests.support.factories import AccountFactory, AgendaItemFactory, FollowUpFactory, TouchpointFactory

DAY = dt.timedelta(days=1)


@pytest.fixture(autouse=True)
def clock(today: dt.date, time_machine: Any) -> None:
    time_machine.move_to(dt.datetime.combine(today, dt.time(9), tzinfo=dt.UTC))


def client_of(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def text(response: Any) -> str:
    return " ".join(response.content.decode().split())


# Standing in --------------------------------------------------------------------------------------------------------
def test_the_substitute_is_told_for_whom_and_sees_only_theirs_on_demand(cast: Cast, today: dt.date) -> None:
    Absence.objects.create(user=cast.rita, first_day=today, last_day=today + 6 * DAY, substitute=cast.carl)
    FollowUpFactory(account=cast.acme, assignee=cast.rita, day=today)
    FollowUpFactory(account=cast.brewery, assignee=cast.carl, day=today)
    carl = client_of(cast.carl)
    page = text(carl.get("/today/"))
    assert "You stand in for Rita Example until Mon 19 Oct." in page
    assert "Zakłady Acme" in page
    assert "Browar" in page
    only = carl.get(f"/today/?only=for-{cast.rita.pk}")
    assert [row.account for row in only.context["rows"]] == [cast.acme.name]
    assert "Show all" in text(only)
    assert "stand in" not in text(client_of(cast.mona).get("/today/"))


def test_what_the_substitute_logged_stays_an_own_entry_without_the_account(
    cast: Cast, today: dt.date
) -> None:
    Absence.objects.create(
        user=cast.rita, first_day=today - 9 * DAY, last_day=today - 2 * DAY, substitute=cast.carl
    )
    logged = TouchpointFactory(account=cast.acme, user=cast.carl, day=today - 3 * DAY)
    assert logged in Touchpoint.objects.visible_to(cast.carl, on=today)
    page = text(client_of(cast.carl).get(reverse("contacts:touchpoints")))
    assert "Acme" not in page
    assert client_of(cast.carl).get(cast.acme.get_absolute_url()).status_code == 404


# Coming back --------------------------------------------------------------------------------------------------------
@pytest.fixture
def back(cast: Cast, today: dt.date) -> Absence:
    """Rita was away for two weeks until Sunday; today is Tuesday. Much happened."""
    absence = Absence.objects.create(
        user=cast.rita, first_day=today - 15 * DAY, last_day=today - 2 * DAY, substitute=cast.carl
    )
    inside = today - 6 * DAY
    touchpoint = TouchpointFactory(
        account=cast.acme, user=cast.carl, day=inside, outcome="new_order", note="Wants 40 of them."
    )
    TouchpointFactory(account=cast.acme, user=cast.rita, day=today - 30 * DAY, note="Long ago.")
    TouchpointFactory(account=cast.brewery, user=cast.carl, day=inside, note="Carl's own.")
    Promise.objects.create(
        account=cast.acme,
        touchpoint=touchpoint,
        made_by=cast.rita,
        words="Send the price list",
        made_on=inside,
        due_on=today,
    )
    Complaint.objects.create(
        account=cast.acme, number="R-1", category_id="quality", words="It leaks.", opened_on=inside
    )
    TierChange.objects.create(
        account=cast.acme,
        state="accepted",
        from_tier="B",
        to_tier="A",
        proposed_at=timezone.now(),
        decided_at=timezone.now(),
        actor=cast.mona,
        applied_on=inside,
    )
    moved = FollowUpFactory(account=cast.acme, assignee=cast.rita, day=today)
    AgendaItemFactory(account=cast.acme, follow_up=moved, due=inside)
    return absence


def test_the_owner_is_told_what_was_done(cast: Cast, back: Absence) -> None:
    rita = client_of(cast.rita)
    page = text(rita.get("/today/"))
    assert (
        "While you were away, Mon 28 Sept – Sun 11 Oct" in page or "While you were away, Mon 28 Sep" in page
    )
    found = {str(part.title): len(part.news) for part in rita.get("/today/").context["while_away"].parts}
    assert found == {
        "Contacts made by others": 1,
        "Promises made": 1,
        "Complaints opened": 1,
        "Tiers changed": 1,
        "Follow-ups moved": 1,
    }
    whole = text(rita.get(reverse("contacts:while_away", args=[back.pk])))
    for words in ("Wants 40 of them.", "Send the price list", "It leaks.", "B → A", "Carl Example"):
        assert words in whole
    assert "Carl's own" not in whole
    assert "Nothing of: Accounts new to you" in whole


def test_the_card_is_put_away_and_brought_back(cast: Cast, back: Absence) -> None:
    rita = client_of(cast.rita)
    rita.post(reverse("contacts:while_away_put_away", args=[back.pk]))
    assert rita.get("/today/").context["while_away"] is None
    rita.post(reverse("contacts:while_away_show", args=[back.pk]))
    assert rita.get("/today/").context["while_away"].absence == back
    assert client_of(cast.carl).get(reverse("contacts:while_away", args=[back.pk])).status_code == 404


def test_it_is_shown_on_the_first_three_working_days(
    cast: Cast, back: Absence, today: dt.date, time_machine: Any
) -> None:
    for ahead, shown in ((0, True), (1, True), (2, False)):
        time_machine.move_to(dt.datetime.combine(today + ahead * DAY, dt.time(9), tzinfo=dt.UTC))
        assert (client_of(cast.rita).get("/today/").context["while_away"] is not None) is shown


def test_accounts_that_came_and_went(cast: Cast, today: dt.date, time_machine: Any) -> None:
    absence = Absence.objects.create(user=cast.rita, first_day=today, last_day=today)
    theirs = AccountFactory(name="Huta Nowa", owner=cast.carl)
    for account, owner in ((theirs, cast.rita), (cast.acme, cast.carl)):
        change_account(
            account=account,
            values={"owner_id": owner.pk},
            seen=version_of(account),
            actor=cast.ada,
            today=today,
            now=timezone.now(),
        )
    time_machine.move_to(dt.datetime.combine(today + DAY, dt.time(9), tzinfo=dt.UTC))
    page = text(client_of(cast.rita).get(reverse("contacts:while_away", args=[absence.pk])))
    assert "Huta Nowa" in page
    assert "from Carl Example" in page
    assert "Acme" not in page
