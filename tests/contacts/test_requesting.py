"""The door by which any app puts a contact on the queue, and takes it back."""

from __future__ import annotations

import datetime as dt
from typing import Any

from accounts.models import Account
from contacts import agenda
from contacts.models import AgendaItem, FollowUp, Reason
from tests.support.cast import Cast

NOW = dt.datetime(2026, 10, 13, 7, 30, tzinfo=dt.UTC)
TODAY = dt.date(2026, 10, 13)
IN_9_DAYS = dt.date(2026, 10, 22)


def ask_for(account: Account, **values: Any) -> AgendaItem | None:
    return agenda.request_contact(
        **{
            "account": account,
            "reason": Reason.QUESTION,
            "source": "question:7",
            "words": "Which oil?",
            "channel": "phone",
            "minutes": 10,
            "due": dt.date(2026, 10, 17),  # a Saturday
            "today": TODAY,
            "now": NOW,
            **values,
        }
    )


def test_an_app_asks_for_a_contact_once(cast: Cast) -> None:
    item = ask_for(cast.acme)
    assert item is not None and item.follow_up is not None
    assert (item.follow_up.assignee, item.follow_up.day) == (cast.rita, dt.date(2026, 10, 19))
    assert (item.earliest, item.due, item.latest) == (dt.date(2026, 10, 17),) * 3
    assert ask_for(cast.acme, words="Again?") == item
    AgendaItem.objects.update(state="done", closed_at=NOW)
    assert ask_for(cast.acme) == item
    assert FollowUp.objects.count() == 1


def test_whom_it_is_asked_of_and_when(cast: Cast) -> None:
    urgent = ask_for(cast.acme, urgent=True, assignee=cast.serge, latest=IN_9_DAYS)
    assert (urgent.due, urgent.latest, urgent.follow_up.assignee) == (TODAY, IN_9_DAYS, cast.serge)
    assert ask_for(cast.orphan) is None
    Account.objects.filter(pk=cast.brewery.pk).update(archived_at=NOW)
    assert ask_for(Account.objects.get(pk=cast.brewery.pk)) is None


def test_what_was_asked_for_is_taken_back_unless_somebody_touched_it(cast: Cast) -> None:
    asked = {"account": cast.acme, "reason": Reason.QUESTION, "source": "question:7", "now": NOW}
    ask_for(cast.acme)
    assert agenda.withdraw_contact(**asked)
    assert not FollowUp.objects.open().exists()
    again = ask_for(cast.acme)
    FollowUp.objects.filter(pk=again.follow_up_id).update(snoozed_until=IN_9_DAYS)
    assert not agenda.withdraw_contact(**asked)
    assert agenda.withdraw_contact(**asked, touched_too=True)
