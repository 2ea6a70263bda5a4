"""What complaints of the example company come to: causes, decisions, what is said on the way. Pure."""

from __future__ import annotations

import random
from typing import NamedTuple


class Story(NamedTuple):
    """One open complaint to be. share: of the running clock's time that is used; 0.75 and more is at risk, 1 is over.

    state: of Complaint, or "pending": decided and waiting for a second person. batch: about the faulty one.
    """

    state: str
    share: float
    kind: str = "complaint"
    batch: bool = False


OPEN: tuple[Story, ...] = (
    Story("in_progress", 0.9),
    Story("new", 0.35),
    Story("waiting", 0.4),
    Story("pending", 0.5),
    Story("new", 1.6),
    Story("in_progress", 0.5, batch=True),
    Story("new", 0.4, "question"),
    Story("decided", 0.6),
    Story("acknowledged", 0.3),
    Story("in_progress", 1.25),
    Story("resolved", 0.7),
    Story("in_progress", 0.8, "question"),
    Story("acknowledged", 0.82),
    Story("new", 0.85),
    Story("in_progress", 0.3, batch=True),
    Story("pending", 0.8),
    Story("waiting", 0.95),
    Story("reopened", 0.65),
    Story("waiting", 0.3, "question"),
    Story("in_progress", 0.45),
    Story("decided", 1.1),
    Story("new", 0.1),
    Story("resolved", 1.2),
    Story("acknowledged", 0.5, "question"),
    Story("in_progress", 0.2),
    Story("acknowledged", 0.9, batch=True),
    Story("new", 0.95, "question"),
    Story("waiting", 0.6),
    Story("in_progress", 0.65),
    Story("acknowledged", 1.1),
    Story("new", 0.55),
    Story("resolved", 0.4, "question"),
    Story("in_progress", 0.15),
    Story("decided", 0.3),
    Story("in_progress", 0.78),
    Story("acknowledged", 0.2),
)
"""In the order in which they are given to the desks of the reps."""
AN_ACCOUNT_IN = 8
"""Of so many accounts one has an open story, until there are no more of them."""

BATCH = "24-417"
BATCH_WORDS = (
    "{product}: the seal gives way after two weeks. Batch 24-417 on the plate.",
    "{product} of batch 24-417 loses pressure; the second one we got of it.",
    "{product}, batch 24-417: hairline crack at the flange.",
)

CAUSES: dict[str, tuple[tuple[str, int], ...]] = {
    "late_delivery": (("transport", 35), ("supplier", 30), ("planning", 25), ("overload", 10)),
    "quality": (("product_fault", 50), ("transport", 20), ("customer_use", 20), ("none", 10)),
    "not_as_ordered": (("picking", 70), ("paperwork", 20), ("description", 10)),
    "promise_not_kept": (("overload", 50), ("sales_promise", 50)),
    "lacks_feature": (("description", 60), ("sales_promise", 40)),
    "other": (("transport", 40), ("paperwork", 40), ("none", 20)),
}
_RESOLUTIONS = {
    "accepted": ("replacement", "replacement", "credit", "repair", "refund"),
    "in_part": ("credit", "repair"),
    "goodwill": ("credit", "apology"),
    "rejected": ("explanation",),
}
REJECTED_BECAUSE = (
    "Used outside the temperatures of the data sheet; explained with the curve.",
    "Delivered as confirmed in the order; the colour code was in it.",
    "Nothing was found at the bench test; report sent.",
)
QUESTIONS = (
    ("Delivery date of the next order", "When does {product} come? The shutdown begins in {month}."),
    ("Replacement of {product}", "Is there a successor that fits the same base plate?"),
    ("Certificate", "They need the works certificate for {product} for an audit in {month}."),
    ("Terms of return", "Can two pieces of {product} go back that were ordered too much?"),
    ("Spare parts", "Which seals fit {product} of 2019, and are they in stock?"),
)
TOLD = (
    "Called back: we have it, and say by tomorrow what happens.",
    "Wrote that we look into it and asked for a photo of the plate.",
    "Apologised; the workshop has it on the bench.",
)
HEARD = ("Sent photos of the plate and of the damage.", "They need it before the weekend shift.")
INTERNAL = (
    "Warehouse: two more of this batch on the shelf, taken out.",
    "Carrier confirms the delay, claim handed in.",
    "Order confirmation says otherwise; ask sales.",
)
ASKED_FOR = (
    "Asked for the serial number.",
    "Asked for a photo of the packing.",
    "Asked when we may collect it.",
)


def cause_of(rng: random.Random, category: str, *, batch: bool) -> str:
    """Why it went wrong."""
    if batch:
        return "product_fault"
    causes = CAUSES[category]
    return rng.choices([name for name, _weight in causes], [weight for _name, weight in causes])[0]


def outcome_of(rng: random.Random, cause: str) -> str:
    """What is decided: where nothing was wrong, mostly no."""
    if cause in {"none", "customer_use"}:
        return rng.choice(("rejected", "rejected", "goodwill", "in_part"))
    return rng.choices(("accepted", "in_part", "goodwill", "rejected"), (62, 16, 14, 8))[0]


def resolution_of(rng: random.Random, outcome: str) -> str:
    """What the customer gets."""
    return rng.choice(_RESOLUTIONS[outcome])


def granted(rng: random.Random, outcome: str, claim_cents: int | None) -> int:
    """What is granted of the claim, in cents."""
    claim = claim_cents or 0
    if outcome == "accepted":
        return claim
    if outcome == "in_part":
        return claim * rng.choice((3, 4, 5, 6)) // 10
    return min(claim, 15_000) if outcome == "goodwill" else 0
