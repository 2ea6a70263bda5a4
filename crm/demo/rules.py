"""The contact rules of the example company: cadences in the order in which they are tried, then triggers."""

from __future__ import annotations

from typing import Any

RULES: tuple[dict[str, Any], ...] = (
    {
        "name": "Premium service: a video call a month",
        "tiers": "A",
        "service_level": "premium",
        "channel": "video",
        "minutes": 30,
        "every_days": 35,
        "tolerance_days": 7,
        "talking_points": "Open orders, running hours, what is planned for the next shutdown.",
    },
    {
        "name": "A that we want to know better",
        "tiers": "A",
        "strategy_goal": "deepen",
        "channel": "visit",
        "minutes": 60,
        "every_days": 45,
        "tolerance_days": 10,
        "talking_points": "Meet one person more than last time.",
    },
    {
        "name": "A: visit",
        "tiers": "A",
        "channel": "visit",
        "minutes": 60,
        "every_days": 60,
        "tolerance_days": 10,
        "talking_points": "Walk the plant. What wears out next? Who else decides?",
    },
    {
        "name": "A: call between visits",
        "tiers": "A",
        "channel": "phone",
        "minutes": 15,
        "every_days": 28,
        "tolerance_days": 5,
        "talking_points": "Running orders, delivery dates, anything that annoys.",
    },
    {
        "name": "B with machines that need servicing",
        "tiers": "B",
        "product_lines": ("Compressors", "Dosing pumps"),
        "channel": "phone",
        "minutes": 15,
        "every_days": 50,
        "tolerance_days": 7,
        "talking_points": "Running hours, next inspection, spares in stock.",
    },
    {
        "name": "B: call",
        "tiers": "B",
        "channel": "phone",
        "minutes": 12,
        "every_days": 60,
        "tolerance_days": 10,
        "talking_points": "What do they buy elsewhere? Which line could be ours?",
    },
    {
        "name": "C: a mail twice a year",
        "tiers": "C",
        "channel": "email",
        "minutes": 5,
        "every_days": 180,
        "tolerance_days": 20,
        "talking_points": "New price list, one useful hint.",
    },
    {
        "name": "Prospects with room",
        "phases": ("prospect",),
        "potential_at_least_cents": 2_000_000,
        "channel": "phone",
        "minutes": 15,
        "every_days": 75,
        "tolerance_days": 10,
        "talking_points": "Who supplies them now, and what would make them change?",
    },
)

TRIGGER_DAYS = 7
"""The triggers are followed since so many days, so that a newcomer sees day-after calls."""

TRIGGERS: tuple[dict[str, Any], ...] = (
    {
        "name": "The day-after call",
        "event": "purchase",
        "event_amount_cents": 500_000,
        "channel": "phone",
        "minutes": 10,
        "offset_from": 1,
        "offset_until": 3,
        "talking_points": "You decided well. Is everything clear about delivery and start-up?",
    },
    {
        "name": "Welcome",
        "event": "first_purchase",
        "channel": "phone",
        "minutes": 15,
        "offset_from": 1,
        "offset_until": 2,
        "talking_points": "Who we are, whom to call, what they expect of us.",
    },
    {
        "name": "Late again?",
        "event": "late_delivery",
        "tiers": "AB",
        "channel": "phone",
        "minutes": 10,
        "offset_from": 0,
        "offset_until": 1,
        "talking_points": "Ring before they do: why it is late, and the new day.",
    },
    {
        "name": "Do not let them slip away",
        "event": "lapsing",
        "tiers": "AB",
        "channel": "visit",
        "minutes": 45,
        "offset_from": 2,
        "offset_until": 10,
        "talking_points": "What has changed? Listen first, offer later.",
    },
    {
        "name": "After a complaint",
        "event": "complaint_closed",
        "channel": "phone",
        "minutes": 10,
        "offset_from": 2,
        "offset_until": 5,
        "talking_points": "Is it really solved? Thank them for telling us.",
    },
)
