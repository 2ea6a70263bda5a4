"""What stands on the page of one tier change beside the decision: the reckoning, the evidence, the return of our time.

Everything is as of the run, whose evidence is frozen (docs/domain.md, 4.4); only the last contacts and the pins are of
today.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cached_property

from django.db.models import Count, F, FloatField, Q, Sum, Value, Window
from django.db.models.functions import Cast, RowNumber, TruncMonth
from django.utils.safestring import SafeString

from accounts.models import Account, Purchase, Tier
from contacts.models import AgendaItem, Touchpoint
from contacts.of_a_quarter import Asked, asked_with_tier
from contacts.rules import cadences_in_force
from crm.look.charts import monthly_bars
from crm.team.calendars import months_before
from crm.team.models import User
from segmentation.actions import action_of, people_for
from segmentation.hints import Hint, hints
from segmentation.models import TierAssessment, TierChange, TierComment, TieringRun, TierPin
from segmentation.review import already_decided
from segmentation.rules import may_decide
from segmentation.wording import EvidenceTable, Step, evidence_table, ladder_steps

MONTHS_OF_THE_CHART = 24
LAST_CONTACTS = 3

_STATE = TierChange.State
_BY_HAND = (_STATE.ACCEPTED, _STATE.REJECTED, _STATE.OVERRIDDEN)


@dataclass(frozen=True)
class Return:
    """Sales for an hour of contact in the window, in cents: the account's and the median of its tier.

    mine is None where nobody contacted the account, median where nobody contacted any of its tier.
    """

    minutes: int
    tier: str | None
    mine: int | None
    median: int | None

    @property
    def longest(self) -> int:
        """What the longer bar stands for."""
        return max(self.mine or 0, self.median or 0, 1)

    @property
    def mine_bar(self) -> int:
        """The account's bar: returns may leave less than nothing."""
        return max(self.mine or 0, 0)

    @property
    def median_bar(self) -> int:
        """The median's bar."""
        return max(self.median or 0, 0)


@dataclass(frozen=True)
class Entry:
    """One contact, as templates/components/timeline.html shows it."""

    icon: str
    title: str
    text: str
    day: dt.date
    who: str


class ChangePage:
    """One change as its page shows it to a user on a day. Each part is read when the template asks for it."""

    def __init__(
        self, change: TierChange, *, user: User, today: dt.date, previous: TieringRun | None, is_newest: bool
    ) -> None:
        self.change, self.user, self.today = change, user, today
        self.account: Account = change.account
        run = change.run
        assert run is not None  # the review's queryset has no others
        self.run, self.previous_run, self.is_newest = run, previous, is_newest

    # The decision ---------------------------------------------------------------------------------------------------
    @cached_property
    def is_open(self) -> bool:
        """Nobody decided yet."""
        return self.change.state == _STATE.PROPOSED

    @cached_property
    def may_decide(self) -> bool:
        """Whether this change, and a pin of the account, are the user's to decide."""
        return may_decide(self.user, self.change)

    @property
    def may_undo(self) -> bool:
        """Whether the verb would take the decision back, as far as that can be told without locking anything."""
        in_time = self.is_newest and self.today <= self.run.review_until
        return self.change.state in _BY_HAND and in_time and self.may_decide

    @property
    def found_tier(self) -> str | None:
        """What the run found, also after an override."""
        return self.change.proposed_tier if self.change.state == _STATE.OVERRIDDEN else self.change.to_tier

    @property
    def other_tiers(self) -> list[str]:
        """What an override may give: neither the tier it has nor the one proposed."""
        return [tier for tier in Tier.values if tier not in (self.change.from_tier, self.change.to_tier)]

    @property
    def how_decided(self) -> str:
        """Who decided, when and how, in a sentence."""
        return already_decided(self.change)

    @cached_property
    def people(self) -> list[User]:
        """Who may be asked to do something about it; nobody where the user does not decide."""
        return people_for(self.account, self.user) if self.may_decide else []

    @cached_property
    def action(self) -> AgendaItem | None:
        """What was asked for with the decision."""
        return None if self.is_open else action_of(self.change)

    @cached_property
    def comments(self) -> list[TierComment]:
        """What those who see the account said before it was decided."""
        return list(self.change.comments.select_related("author"))

    @cached_property
    def in_the_plan(self) -> list[tuple[str | None, Asked]]:
        """What the contact rules ask for in a quarter, with the tier it has and with the one that was found.

        Empty where nobody owns the account, or no rule tells the two apart.
        """
        if not self.is_open:
            return []
        in_force = cadences_in_force(self.today)
        found = [
            (tier, asked_with_tier(self.account, tier, in_force=in_force, today=self.today))
            for tier in (self.change.from_tier, self.found_tier)
        ]
        return found if found[0][1] != found[1][1] else []

    # The evidence ---------------------------------------------------------------------------------------------------
    @cached_property
    def _assessments(self) -> dict[int, TierAssessment]:
        runs = {run.pk: run for run in (self.run, self.previous_run) if run is not None}
        found = {}
        for assessment in TierAssessment.objects.filter(run__in=runs, account=self.account).order_by():
            assessment.run, assessment.account = runs[assessment.run_id], self.account
            found[assessment.run_id] = assessment
        return found

    @property
    def assessment(self) -> TierAssessment | None:
        """What the run found about the account."""
        return self._assessments.get(self.run.pk)

    @property
    def previous(self) -> TierAssessment | None:
        """What the run before it found, None where it did not assess the account."""
        return self._assessments.get(self.previous_run.pk) if self.previous_run else None

    @property
    def steps(self) -> list[Step]:
        """The ladder in words."""
        return ladder_steps(self.assessment) if self.assessment else []

    @property
    def evidence(self) -> EvidenceTable | None:
        """The evidence of both runs, side by side."""
        return evidence_table(self.assessment, self.previous) if self.assessment else None

    @cached_property
    def hints(self) -> list[Hint]:
        """What may be the cause."""
        return hints(self.assessment, self.previous) if self.assessment else []

    @cached_property
    def purchases(self) -> SafeString | None:
        """24 months of purchases up to the run's day as a picture; None where there were none."""
        last = self.run.as_of.replace(day=1)
        months = [months_before(last, back) for back in range(MONTHS_OF_THE_CHART - 1, -1, -1)]
        bought = dict(
            Purchase.objects.filter(
                account=self.account, ordered_on__gte=months[0], ordered_on__lte=self.run.as_of
            )
            .order_by()
            .annotate(month=TruncMonth("ordered_on"))
            .values("month")
            .annotate(total=Sum("amount_cents"))
            .values_list("month", "total")
        )
        if not bought:
            return None
        return monthly_bars([(month, int(bought.get(month, 0))) for month in months], ident="purchases")

    @cached_property
    def return_on_time(self) -> Return | None:
        """Sales per contact hour against the median of the tier the account has; None without an assessment."""
        found = self.assessment
        if found is None:
            return None
        mine = round(found.revenue_cents * 60 / found.contact_minutes) if found.contact_minutes else None
        tier = self.change.from_tier
        return Return(found.contact_minutes, tier, mine, median_return(self.run, tier))

    @cached_property
    def entries(self) -> list[Entry]:
        """The last contacts."""
        live = Touchpoint.objects.live().filter(account=self.account).select_related("user")
        return [
            Entry(
                icon=contact.channel,
                title=f"{contact.get_channel_display()}, {contact.get_outcome_display()}",
                text=contact.note,
                day=contact.day,
                who=contact.user.get_short_name(),
            )
            for contact in live.order_by("-at", "-id")[:LAST_CONTACTS]
        ]

    @cached_property
    def pins(self) -> list[TierPin]:
        """Pins that are not over."""
        pins = TierPin.objects.filter(account=self.account, last_day__gte=self.today)
        return list(pins.select_related("actor").order_by("first_day"))


def median_return(run: TieringRun, tier: str | None) -> int | None:
    """The median of sales per contact hour, in cents, over all accounts of a tier that were contacted in the window.

    By the tier they had when the run read them. One statement; None where none of them was contacted.
    """
    rate = F("revenue_cents") * Cast(Value(60), FloatField()) / F("contact_minutes")
    middle = (
        TierAssessment.objects.filter(run=run, previous_tier=tier, contact_minutes__gt=0)
        .order_by()
        .annotate(rate=rate, place=Window(RowNumber(), order_by=rate.asc()), accounts=Window(Count("pk")))
        # The middle one of an odd number, the middle two of an even one.
        .filter(Q(place__gte=F("accounts") / 2.0) & Q(place__lte=F("accounts") / 2.0 + 1))
        .values_list("rate", flat=True)
    )
    rates = list(middle)
    return round(sum(rates) / len(rates)) if rates else None
