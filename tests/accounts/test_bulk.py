"""One act on many accounts, with history and undo (accounts.bulk)."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts import bulk
from accounts.bulk import Kind
from accounts.models import Account, BulkAct, Tag
from crm.team.models import User
from tests.support.cast import Cast
from tests.support.factories import AccountFactory

NOW = dt.datetime(2026, 10, 13, 7, 0, 0, 123456, tzinfo=dt.UTC)
LATER = NOW + dt.timedelta(hours=1)


def do(kind: Kind, value: Any, actor: User, today: dt.date, *accounts: Account) -> bulk.Done:
    rows = Account.objects.visible_to(actor, on=today)
    if accounts:
        rows = rows.filter(pk__in=[one.pk for one in accounts])
    return bulk.act_on_many(kind=kind, value=value, accounts=rows, actor=actor, today=today, now=NOW)


def undo(done: bulk.Done, actor: User, today: dt.date) -> bulk.Undone:
    assert done.act is not None
    return bulk.undo_act(act=done.act, actor=actor, today=today, now=LATER)


def owners(*accounts: Account) -> list[User | None]:
    return [Account.objects.get(pk=one.pk).owner for one in accounts]


def test_a_manager_gives_accounts_to_a_rep_and_takes_it_back(cast: Cast, today: dt.date) -> None:
    all_three = (cast.acme, cast.brewery, cast.orphan)
    done = do(Kind.OWNER, cast.carl.pk, cast.mona, today, *all_three)
    assert (done.changed, done.same, done.kept_from) == (2, 1, 0)
    assert owners(*all_three) == [cast.carl] * 3
    newest, before = cast.acme.history.order_by("-history_id")[:2]
    assert (newest.owner_id, newest.history_user, newest.history_date) == (cast.carl.pk, cast.mona, NOW)
    assert before.owner_id == cast.rita.pk
    undone = undo(done, cast.mona, today)
    assert (undone.restored, undone.left) == (2, 0)
    assert owners(*all_three) == [cast.rita, cast.carl, None]
    assert cast.acme.history.count() == 3
    with pytest.raises(bulk.CannotUndo):
        undo(done, cast.mona, today)


def test_undo_leaves_what_somebody_changed_since(cast: Cast, today: dt.date) -> None:
    done = do(Kind.OWNER, cast.carl.pk, cast.ada, today)
    Account.objects.filter(pk=cast.acme.pk).update(owner=cast.otto)
    undone = undo(done, cast.ada, today)
    assert (undone.restored, undone.left) == (2, 1)
    assert owners(cast.acme, cast.brewery, cast.quarry, cast.orphan) == [
        cast.otto,
        cast.carl,
        cast.otto,
        None,
    ]


def test_nobody_makes_an_owner_whom_the_form_would_not(cast: Cast, today: dt.date) -> None:
    for actor, owner in ((cast.rita, cast.rita), (cast.mona, cast.otto), (cast.serge, cast.rita)):
        with pytest.raises(bulk.Refused):
            do(Kind.OWNER, owner.pk, actor, today)
    assert not BulkAct.objects.exists()


def test_only_what_one_may_change_is_changed(cast: Cast, today: dt.date) -> None:
    mine = AccountFactory(owner=cast.serge)
    done = do(Kind.ARCHIVE, None, cast.serge, today)
    assert (done.changed, done.kept_from) == (1, 4)
    mine.refresh_from_db()
    assert mine.archived_at == NOW


def test_the_archive_and_back(cast: Cast, today: dt.date) -> None:
    long_ago = NOW - dt.timedelta(days=400)
    old = AccountFactory(owner=cast.rita, archived_at=long_ago)
    done = do(Kind.ARCHIVE, None, cast.rita, today, cast.acme, old)
    assert (done.changed, done.same) == (1, 1)
    old.refresh_from_db()
    assert old.archived_at == long_ago
    undo(done, cast.rita, today)
    cast.acme.refresh_from_db()
    assert cast.acme.archived_at is None
    undo(do(Kind.RESTORE, None, cast.rita, today, old), cast.rita, today)
    old.refresh_from_db()
    assert old.archived_at == long_ago


@pytest.mark.parametrize("add, remove", [(Kind.TAG_ADD, Kind.TAG_REMOVE), (Kind.TEAM_ADD, Kind.TEAM_REMOVE)])
def test_tags_and_teams(cast: Cast, today: dt.date, add: Kind, remove: Kind) -> None:
    tags = add == Kind.TAG_ADD
    value = bulk.tag_named(" trade  fair ").pk if tags else cast.otto.pk

    def having() -> set[Account]:
        return set(Account.objects.filter(**{"tags" if tags else "team": value}))

    first = do(add, value, cast.ada, today, cast.acme)
    second = do(add, value, cast.ada, today, cast.acme, cast.brewery)
    assert (first.changed, second.changed, second.same) == (1, 1, 1)
    undo(second, cast.ada, today)
    assert having() == {cast.acme}
    gone = do(remove, value, cast.ada, today)
    assert gone.changed == 1 and not having()
    undo(gone, cast.ada, today)
    assert having() == {cast.acme}


def test_a_tag_has_one_spelling(cast: Cast) -> None:
    assert bulk.tag_named("Trade fair") == bulk.tag_named("trade FAIR")
    assert Tag.objects.get().name == "Trade fair"
    for name in ("", "x" * 41):
        with pytest.raises(bulk.Refused):
            bulk.tag_named(name)


def test_too_many_are_refused(cast: Cast, today: dt.date, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "MOST", 3)
    with pytest.raises(bulk.Refused, match="At most 3"):
        do(Kind.ARCHIVE, None, cast.ada, today)


def test_many_take_as_many_statements_as_few(cast: Cast, today: dt.date) -> None:
    def statements(number: int) -> int:
        accounts = [AccountFactory(owner=cast.rita) for _ in range(number)]
        with CaptureQueriesContext(connection) as queries:
            do(Kind.OWNER, cast.carl.pk, cast.mona, today, *accounts)
        return len(queries)

    statements(1)  # reads once whom Mona leads
    assert statements(2) == statements(60)
