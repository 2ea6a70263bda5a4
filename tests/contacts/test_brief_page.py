"""The one-page brief before a visit (docs/domain.md, 5.4)."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.test import Client

from complaints.models import Complaint
from contacts.models import Promise
from tests.support.cast import Cast
from tests.support.factories import (
    AgendaItemFactory,
    ContactPersonFactory,
    FollowUpFactory,
    PurchaseFactory,
    TouchpointFactory,
)


def test_all_that_is_known_stands_on_it(cast: Cast, today: dt.date, time_machine: Any) -> None:
    time_machine.move_to(dt.datetime.combine(today, dt.time(9, 0), tzinfo=dt.UTC))
    cast.acme.tier = "A"
    cast.acme.notes = "Ring at the yard."
    cast.acme.save()
    person = ContactPersonFactory(account=cast.acme, is_main=True, position="Buyer", buying_role="decides")
    visit = FollowUpFactory(
        account=cast.acme, assignee=cast.rita, day=today, channel="visit", time=dt.time(10), state="booked"
    )
    AgendaItemFactory(account=cast.acme, follow_up=visit, words="Show the new line")
    TouchpointFactory(account=cast.acme, user=cast.serge, note="Pump leaks again.")
    Promise.objects.create(
        account=cast.acme, made_by=cast.carl, words="Send a fitter", made_on=today, due_on=today
    )
    Complaint.objects.create(
        account=cast.acme, number="R-1", category_id="other", words="Came late.", opened_on=today
    )
    PurchaseFactory(account=cast.acme)
    client = Client()
    client.force_login(cast.rita)
    said = client.get(f"/today/{visit.pk}/brief/").content.decode()
    for words in (
        cast.acme.name,
        "Ring at the yard.",
        person.name,
        "Buyer · decision maker",
        "Show the new line",
        "Pump leaks again.",
        "Send a fitter",
        "Came late.",
        "Why tier A",
        'id="h-purchases"',
    ):
        assert words in said, words
    assert "The brief on one page" in client.get(f"/today/{visit.pk}/").content.decode()
