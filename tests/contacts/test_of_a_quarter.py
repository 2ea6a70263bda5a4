"""What the cadences ask for in a quarter, with the tier that an account has or might have."""

from __future__ import annotations

import datetime as dt

import pytest

from contacts.of_a_quarter import DAYS_OF_A_QUARTER, asked_with_tier, minutes_of_a_quarter
from contacts.rules import cadences_in_force
from tests.support.cast import Cast
from tests.support.factories import ContactRuleFactory

pytestmark = pytest.mark.django_db


def test_the_rules_of_the_tier_that_is_asked_for_govern(cast: Cast, today: dt.date) -> None:
    ContactRuleFactory(tiers="A", channel="visit", every_days=7, minutes=60, priority=1)
    ContactRuleFactory(tiers="AB", channel="phone", every_days=13, minutes=20, priority=2)
    ContactRuleFactory(channel="phone", every_days=DAYS_OF_A_QUARTER, minutes=10, priority=3)
    in_force = cadences_in_force(today)
    found = {
        tier: asked_with_tier(cast.acme, tier, in_force=in_force, today=today)
        for tier in ("A", "B", "C", None)
    }
    assert found == {"A": (13 + 7, 13 * 60 + 7 * 20), "B": (7, 140), "C": (1, 10), None: (1, 10)}
    for tier in ("A", "C"):
        cast.acme.tier = tier
        cast.acme.save()
        mine = type(cast.acme).objects.filter(pk=cast.acme.pk)
        assert minutes_of_a_quarter(mine, today) == {cast.acme.pk: found[tier].minutes}
    assert asked_with_tier(cast.orphan, "A", in_force=in_force, today=today) == (0, 0)
