"""The numbers behind the places of the navigation."""

from __future__ import annotations

import datetime as dt

import pytest

from complaints.models import Complaint
from crm.home.context import COMPLAINTS, counts
from tests.support.cast import Cast
from tests.support.factories import ComplaintFactory, DecisionFactory

pytestmark = pytest.mark.django_db
DAY = dt.date(2026, 10, 13)


def test_what_waits_for_a_second_person_is_counted_for_whom_it_waits(cast: Cast) -> None:
    due = dt.datetime(2026, 10, 14, 9, tzinfo=dt.UTC)
    for account, who in ((cast.acme, cast.rita), (cast.acme, cast.mona), (cast.quarry, cast.otto)):
        complaint: Complaint = ComplaintFactory(
            account=account, assignee=cast.mona if who == cast.mona else None
        )
        Complaint.objects.filter(pk=complaint.pk).update(due_at=due)
        DecisionFactory(complaint=complaint, decided_by=who)
    found = {name: counts(user, on=DAY).get(COMPLAINTS.name) for name, user in cast.users.items()}
    # Mona works on one, whose decision is her own, and looks at Rita's; Nora at Otto's; Ada at all three.
    assert found == {"rita": 0, "carl": 0, "mona": 2, "otto": 0, "nora": 1, "serge": 0, "ada": 3}
