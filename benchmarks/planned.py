"""Planning all accounts: for the first time, and again where nothing has changed."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import connection, transaction

from benchmarks.clock import Times, timed
from benchmarks.loading import run, vacuum
from contacts.planning import plan

_TABLES = (
    "contacts_agendaitem",
    "contacts_followup",
    "contacts_cadencestart",
    "contacts_plannedaccount",
    "contacts_planningpass",
)
_UNDONE = (
    "DELETE FROM contacts_agendaitem WHERE reason = 'cadence'",
    "DELETE FROM contacts_followup f WHERE NOT EXISTS (SELECT 1 FROM contacts_agendaitem i WHERE i.follow_up_id = f.id)"
    " AND NOT EXISTS (SELECT 1 FROM contacts_touchpoint t WHERE t.follow_up_id = f.id)",
    "TRUNCATE contacts_cadencestart",
    "TRUNCATE contacts_plannedaccount",
    "TRUNCATE contacts_planningpass",
)


def plan_all(times: Times, *, today: dt.date, now: dt.datetime, thorough: bool = False) -> dict[str, Any]:
    """One pass over all accounts, as the job makes it; returns what it counted. thorough: trust no note."""
    with timed(times):
        made = plan(today=today, now=now, thorough=thorough)
    return vars(made).copy()


def unplan() -> None:
    """Take back all that cadences planned: as before the first pass."""
    with transaction.atomic():
        # By the thousand, checks of foreign keys cost more than the rows.
        run("SET LOCAL session_replication_role = replica")
        for statement in _UNDONE:
            run(statement)
    vacuum(*_TABLES)


def settle() -> None:
    """What autovacuum does within a minute of so much writing."""
    vacuum(*_TABLES)


def state() -> dict[str, Any]:
    """The rules in force, and how many of the accounts have something planned."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT COALESCE(NULLIF(tiers, ''), 'any') || ' ' || channel || ' every ' || every_days"
            " FROM contacts_contactrule WHERE enabled AND kind = 'cadence' ORDER BY priority"
        )
        rules = [words for (words,) in cursor.fetchall()]
        cursor.execute("SELECT COUNT(*) FROM accounts_account")
        (accounts,) = cursor.fetchone()
        cursor.execute(
            "SELECT COUNT(*), COUNT(DISTINCT account_id) FROM contacts_agendaitem WHERE reason = 'cadence'"
        )
        items, with_item = cursor.fetchone()
    return {"rules": rules, "items": items, "accounts with an item": round(with_item / accounts, 4)}
