"""Triggers that are killed, and that meet each other: every event fires every rule that follows it once."""

from __future__ import annotations

import datetime as dt
import json
import os
from collections import Counter

from tests.processes.conftest import Site, local_day
from tests.processes.killed_triggers import BEGIN_DAYS, RULES

FULL = os.environ.get("OPIEKA_SERIES") == "full"
PURCHASES = 1_000_000 if FULL else 5000
KILLS = 30 if FULL else 3


def expected(site: Site) -> Counter[tuple[int, str]]:
    """(number of the rule, key) of everything that must have fired, told by the purchases alone."""
    today = local_day()
    begin, day = today - dt.timedelta(days=BEGIN_DAYS), dt.timedelta(days=1)
    wanted: Counter[tuple[int, str]] = Counter()
    for pk, *row in site.database.rows(
        "SELECT id, ordered_on, promised_on, delivered_on, amount_cents FROM accounts_purchase"
    ):
        *dates, cents = row
        ordered, promised, delivered = (d and dt.date.fromisoformat(str(d)) for d in dates)
        for place, rule in enumerate(RULES[:2], 1):
            wanted[place, f"purchase:{pk}"] += (
                begin <= ordered <= today and cents >= rule["event_amount_cents"]
            )
        if promised is not None:
            ahead = promised - 3 * day
            wanted[3, f"promised:{pk}"] += begin <= ahead <= today and promised >= today and delivered is None
            late = delivered is None or delivered > promised
            wanted[5, f"late:{pk}"] += late and begin <= promised + day <= today
        wanted[4, f"delivery:{pk}"] += delivered is not None and begin <= delivered <= today
    return +wanted


def test_killed_at_any_moment_and_twice_at_once_each_event_fires_once(site: Site) -> None:
    happened = site.run(
        "-m",
        "tests.processes.killed_triggers",
        str(PURCHASES),
        str(KILLS),
        os.environ.get("OPIEKA_SEED", "1"),
    )
    print(happened)
    assert json.loads(happened)["killed"], "nothing was killed: all had ended"
    rows = site.database.rows
    fired = Counter(
        rows(
            "SELECT r.priority, f.key FROM contacts_triggerfiring f"
            " JOIN contacts_contactrule r ON r.id = f.rule_id"
        )
    )
    wanted = expected(site)
    assert len(wanted) > PURCHASES // 2
    assert fired == wanted
    # Each asked for one contact, whole, and for no other.
    asked = rows(
        "SELECT i.source, i.account_id, u.id FROM contacts_agendaitem i"
        " JOIN contacts_followup u ON u.id = i.follow_up_id AND u.account_id = i.account_id"
    )
    for_whom = rows("SELECT 'trigger:' || rule_id || ':' || key, account_id FROM contacts_triggerfiring")
    assert sorted(row[:2] for row in asked) == sorted(for_whom)
    assert len({follow_up for *_item, follow_up in asked}) == len(wanted)
    every = rows(
        "SELECT (SELECT COUNT(*) FROM contacts_agendaitem), (SELECT COUNT(*) FROM contacts_followup)"
    )
    assert tuple(every[0]) == (len(wanted),) * 2
