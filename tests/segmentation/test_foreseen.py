"""What the next policy would do, as everybody sees it for their own accounts (docs/domain.md, 4.4)."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Account
from segmentation import policies
from segmentation.models import TierPolicy
from segmentation.simulation import simulate_policy
from tests.segmentation.company import write
from tests.segmentation.test_ladder import loyal
from tests.support.cast import Cast
from tests.support.factories import ContactRuleFactory
from tests.support.proposals import make_run

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)
URL = "/insight/policy/"


@pytest.fixture(autouse=True)
def clock(today: dt.date, time_machine: Any) -> None:
    time_machine.move_to(dt.datetime.combine(today, dt.time(9), tzinfo=dt.UTC))


@pytest.fixture
def draft(cast: Cast, today: dt.date, now: dt.datetime) -> TierPolicy:
    """A draft by which A ends at half of the sales. x, y and u are Rita's, z is Otto's, v is nobody's."""
    make_run(as_of=dt.date(2026, 9, 30), review_until=today, state="closed")
    ContactRuleFactory(tiers="A", every_days=14, minutes=30, priority=1)
    ContactRuleFactory(every_days=60, minutes=30, priority=2)
    write(
        [
            *(loyal(code, 3000, tier="A") for code in "xyz"),
            loyal("u", 900, tier="A"),
            loyal("v", 100, tier="B"),
        ],
        actor=cast.ada,
    )
    Account.objects.filter(code__in="xyu").update(owner=cast.rita)
    Account.objects.filter(code="z").update(owner=cast.otto)
    made = policies.make_draft(like=policies.policy_in_force(), actor=cast.ada, now=now)
    made = policies.edit_draft(policy=made, thresholds={"a_share": "0.5"}, note="Fewer A")
    simulate_policy(policy=made, as_of=today - DAY, today=today, now=now)
    return made


def client_of(cast: Cast, name: str) -> Client:
    client = Client()
    client.force_login(cast.users[name])
    return client


def moves(page: Any) -> dict[str, tuple[int, int]]:
    return {move.key: (move.accounts, move.in_force) for move, _url in page.context["moves"]}


def codes(page: Any) -> set[str]:
    return {row["account__code"] for _before, _after, rows in page.context["groups"] for row in rows}


def test_each_sees_what_becomes_of_the_accounts_they_see(cast: Cast, draft: TierPolicy) -> None:
    """Of x, y, z at 3,000 each and u at 900, v at 100: A takes x and y by the draft, x, y, z by the one in force."""
    seen = {name: client_of(cast, name).get(URL) for name in ("ada", "rita", "mona", "otto", "nora")}
    assert codes(seen["ada"]) == {"z", "u", "v"}
    assert codes(seen["rita"]) == codes(seen["mona"]) - {"v"} == {"u"}
    assert codes(seen["otto"]) == {"z"} and codes(seen["nora"]) == {"z", "v"}
    assert moves(seen["rita"]) == {"A-B": (1, 1)}
    assert moves(seen["otto"]) == {"A-B": (1, 0)}
    found = seen["ada"].context["found"]
    assert (found.rise, found.fall) == (0, 3)
    text = seen["otto"].content.decode()
    assert "Fewer A" in text and "is a draft: nothing is decided yet" in text
    assert reverse("policies:policy", args=[draft.pk]) not in text  # read, not edited
    assert client_of(cast, "rita").get(reverse("policies:policy", args=[draft.pk])).status_code == 404
    assert client_of(cast, "serge").get(URL).status_code == 404


def test_the_weeks_of_oneself_and_of_ones_team(cast: Cast, draft: TierPolicy) -> None:
    def who(name: str) -> list[str]:
        return [row["user"].name for row in client_of(cast, name).get(URL).context["found"].reps]

    assert who("otto") == who("nora") == ["Otto Example"]
    assert who("rita") == who("mona") == ["Rita Example"]
    assert sorted(who("ada")) == ["Otto Example", "Rita Example"]


def test_narrowed_to_a_movement_or_a_team_and_exported(cast: Cast, draft: TierPolicy) -> None:
    ada = client_of(cast, "ada")
    assert codes(ada.get(URL, {"move": "B-C"})) == {"v"}
    assert codes(ada.get(URL, {"move": "nonsense"})) == {"z", "u", "v"}
    assert codes(ada.get(URL, {"team": cast.south.pk})) == {"z"}
    assert client_of(cast, "nora").get(URL, {"team": cast.north.pk}).status_code == 404
    file = client_of(cast, "otto").get("/insight/export/policy/csv/")
    lines = b"".join(file).decode("utf-8-sig").splitlines()
    assert len(lines) == 2 and lines[1].startswith("z,z,Otto Example,A,B,A,")
    assert client_of(cast, "serge").get("/insight/export/policy/csv/").status_code == 404


def test_what_is_to_begin_comes_before_drafts_and_what_began_is_gone(
    cast: Cast, draft: TierPolicy, today: dt.date, now: dt.datetime
) -> None:
    newer = policies.make_draft(like=policies.policy_in_force(), actor=cast.ada, now=now)
    simulate_policy(policy=newer, as_of=today - DAY, today=today, now=now)
    rita = client_of(cast, "rita")
    assert rita.get(URL).context["found"].policy == newer
    policies.schedule(policy=draft, starts_on=today + DAY, run_at_start=False, today=today)
    page = rita.get(URL)
    assert page.context["found"].policy == draft and "is put in force on Wed 14 Oct" in page.content.decode()
    assert rita.get(URL, {"version": newer.version}).context["found"].policy == newer
    assert rita.get(URL, {"version": "99"}).status_code == rita.get(URL, {"version": "1"}).status_code == 404
    policies.remove_draft(policy=newer)
    policies.begin_due(today=today + DAY)
    assert "No policy is on its way" in rita.get(URL).content.decode()
    assert rita.get("/insight/export/policy/csv/").status_code == 404


def test_thresholds_changed_since_are_said_to_be(cast: Cast, draft: TierPolicy) -> None:
    rita = client_of(cast, "rita")
    assert "have been changed since" not in rita.get(URL).content.decode()
    policies.edit_draft(policy=draft, thresholds={"a_share": "0.6"}, note="")
    assert "have been changed since" in rita.get(URL).content.decode()
