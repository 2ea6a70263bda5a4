"""What happens at accounts that a trigger rule may follow (docs/domain.md, 5.1; `contacts.events` has the door).

Every source gives rows with the account, the day of the event, a key that names the event for ever, and what it is
about. Events after `until` have not happened yet, those before `since` are nobody's business.
"""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar

from django.db.models import (
    Case,
    CharField,
    ExpressionWrapper,
    F,
    FloatField,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Cast, Concat, ExtractMonth, ExtractYear, Floor, Greatest

from accounts.dates import DaysAfter, MonthsAfter, QuarterStart
from accounts.facts import LAPSING_DAYS, LAPSING_GAPS
from accounts.models import Account, ContactPerson, Product, Purchase, PurchaseLine
from crm.team.calendars import months_before

ONE_DAY = dt.timedelta(days=1)


def _key(prefix: str, *parts: str) -> Concat:
    """SQL: "purchase:4711", "replacement:4711/12"."""
    pieces: list[Any] = [Value(f"{prefix}:"), Cast(parts[0], CharField())]
    for part in parts[1:]:
        pieces += [Value("/"), Cast(part, CharField())]
    return Concat(*pieces, output_field=CharField())


def _bought(purchases: QuerySet[Purchase], prefix: str, day: Any) -> QuerySet:
    """The purchases as events of their accounts."""
    return purchases.annotate(
        event_account=F("account_id"), event_key=_key(prefix, "pk"), event_day=day, event_about=F("number")
    )


class Purchases:
    """A purchase of at least an amount, on the day it was ordered. Returns and credit notes are none."""

    event = "purchase"
    prefix = "purchase"
    owner = "account__owner"
    origin: ClassVar = Purchase

    def happened(
        self, *, since: dt.date, until: dt.date, amount_cents: int | None, days: int | None
    ) -> QuerySet:
        """By the index of purchases by day."""
        least = max(1, amount_cents or 1)
        found = Purchase.objects.filter(ordered_on__range=(since, until), amount_cents__gte=least)
        return _bought(found, self.prefix, F("ordered_on"))


class FirstPurchases:
    """The first purchase of an account ever, on the day it was ordered. An earlier one that comes late is no other."""

    event = "first_purchase"
    prefix = "first"
    owner = "owner"
    origin: ClassVar = Account

    def happened(
        self, *, since: dt.date, until: dt.date, amount_cents: int | None, days: int | None
    ) -> QuerySet:
        """From the facts on the account, which an import brings up to date."""
        first = Purchase.objects.filter(
            account=OuterRef("pk"), ordered_on=OuterRef("first_purchase_on"), amount_cents__gt=0
        )
        return Account.objects.filter(first_purchase_on__range=(since, until)).annotate(
            event_account=F("pk"),
            event_key=_key(self.prefix, "pk"),
            event_day=F("first_purchase_on"),
            event_about=Subquery(first.order_by("pk").values("number")[:1]),
        )


class PromisedDeliveries:
    """So many days before a promised delivery, while it lies ahead: nobody announces what has come, or should have."""

    event = "before_delivery"
    prefix = "promised"
    owner = "account__owner"
    origin: ClassVar = Purchase

    def happened(
        self, *, since: dt.date, until: dt.date, amount_cents: int | None, days: int | None
    ) -> QuerySet:
        """Purchases to be delivered within the next days."""
        ahead = (days or 0) * ONE_DAY
        found = Purchase.objects.filter(
            promised_on__range=(max(until, since + ahead), until + ahead), delivered_on=None
        )
        return _bought(found, self.prefix, DaysAfter(F("promised_on"), Value(-(days or 0))))


class Deliveries:
    """A delivery, on its day."""

    event = "delivery"
    prefix = "delivery"
    owner = "account__owner"
    origin: ClassVar = Purchase

    def happened(
        self, *, since: dt.date, until: dt.date, amount_cents: int | None, days: int | None
    ) -> QuerySet:
        """By the day on which it was complete."""
        found = Purchase.objects.filter(delivered_on__range=(since, until))
        return _bought(found, self.prefix, F("delivered_on"))


class LateDeliveries:
    """A delivery that was not there on the promised day: it happens on the day after, whenever the goods come."""

    event = "late_delivery"
    prefix = "late"
    owner = "account__owner"
    origin: ClassVar = Purchase

    def happened(
        self, *, since: dt.date, until: dt.date, amount_cents: int | None, days: int | None
    ) -> QuerySet:
        """Those that came later than promised, or not yet."""
        found = Purchase.objects.filter(
            Q(delivered_on=None) | Q(delivered_on__gt=F("promised_on")),
            promised_on__range=(since - ONE_DAY, until - ONE_DAY),
        )
        return _bought(found, self.prefix, DaysAfter(F("promised_on"), Value(1)))


class Replacements:
    """A product's service life ends, or will in so many days: day of the purchase + service life (domain.md, 7).

    Once for each purchase and product. The key names both and not the line: an import of the purchase replaces lines.
    """

    event = "replacement_due"
    prefix = "replacement"
    owner = "purchase__account__owner"
    origin: ClassVar = Purchase

    def happened(
        self, *, since: dt.date, until: dt.date, amount_cents: int | None, days: int | None
    ) -> QuerySet:
        """For each service life that products have, the purchases of some days that long ago."""
        ahead = days or 0
        lives = (
            Product.objects.filter(service_life_months__gt=0)
            .order_by()
            .values_list("service_life_months", flat=True)
        )
        old = Q(pk__in=())
        for months in {life for life in lives if life}:
            # Wide enough whatever the lengths of months are; the exact day decides below.
            spare = 3 * ONE_DAY
            old |= Q(
                product__service_life_months=months,
                purchase__ordered_on__range=(
                    months_before(since + ahead * ONE_DAY, months) - spare,
                    months_before(until + ahead * ONE_DAY, months) + spare,
                ),
            )
        ends = MonthsAfter(F("purchase__ordered_on"), F("product__service_life_months"))
        return (
            PurchaseLine.objects.filter(old, amount__gt=0)
            .annotate(
                event_account=F("purchase__account_id"),
                event_key=_key(self.prefix, "purchase_id", "product_id"),
                event_day=DaysAfter(ends, Value(-ahead)),
                event_about=Concat(
                    Case(When(product__name="", then=F("product__code")), default=F("product__name")),
                    Value(", "),
                    F("purchase__number"),
                    output_field=CharField(),
                ),
            )
            .filter(event_day__gte=since, event_day__lte=until)
        )


class Lapsing:
    """An account became lapsing (domain.md, 7): once for each last purchase it stays away after."""

    event = "lapsing"
    prefix = "lapsing"
    owner = "owner"
    origin: ClassVar = Account

    def happened(
        self, *, since: dt.date, until: dt.date, amount_cents: int | None, days: int | None
    ) -> QuerySet:
        """Accounts in that phase; the day it began follows from the same facts as the phase (`accounts.facts`)."""
        gaps = Floor(ExpressionWrapper(F("mean_gap_days") * LAPSING_GAPS, output_field=FloatField()))
        away = Greatest(Value(LAPSING_DAYS), Cast(gaps, IntegerField())) + 1
        in_season = Purchase.objects.filter(
            account=OuterRef("pk"), amount_cents__gt=0, quarter__gt=OuterRef("last_quarter") - 4
        )
        year = Cast(ExtractYear("last_purchase_on"), IntegerField())
        month = Cast(ExtractMonth("last_purchase_on"), IntegerField())
        return (
            Account.objects.filter(phase=Account.Phase.LAPSING, last_purchase_on__isnull=False)
            .annotate(last_quarter=year * 4 + (month - 1) / 3)
            .annotate(first_quarter=Subquery(in_season.order_by("quarter").values("quarter")[:1]))
            .annotate(
                event_account=F("pk"),
                event_key=_key(self.prefix, "pk", "last_purchase_on"),
                event_day=Case(
                    # The quarter in which it bought a year before has ended.
                    When(seasonal=True, then=QuarterStart(F("first_quarter") + 5)),
                    default=DaysAfter(F("last_purchase_on"), away),
                ),
                event_about=Cast("last_purchase_on", CharField()),
            )
            .filter(event_day__gte=since, event_day__lte=until)
        )


class PersonsLeft:
    """A contact person left, on that day."""

    event = "person_left"
    prefix = "person"
    owner = "account__owner"
    origin: ClassVar = ContactPerson

    def happened(
        self, *, since: dt.date, until: dt.date, amount_cents: int | None, days: int | None
    ) -> QuerySet:
        """Persons but those that turned out to be somebody else."""
        return ContactPerson.objects.filter(left_on__range=(since, until), merged_into__isnull=True).annotate(
            event_account=F("account_id"),
            event_key=_key(self.prefix, "pk"),
            event_day=F("left_on"),
            event_about=F("name"),
        )
