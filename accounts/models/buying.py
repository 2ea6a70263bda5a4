"""What we sell, and what the customers bought (docs/domain.md, section 2)."""

from __future__ import annotations

from typing import ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from accounts.models.customers import Account
from accounts.models.importing import Import
from accounts.models.values import CodePointCharField
from accounts.querysets import PurchaseQuerySet


class ProductLine(models.Model):
    """A family of products with the same terms of return and exchange. The line "unsorted" takes unknown codes."""

    UNSORTED: ClassVar = "unsorted"

    name = models.CharField(_("name"), max_length=80, unique=True)
    return_terms = models.TextField(_("return terms"), blank=True)
    exchange_terms = models.TextField(_("exchange terms"), blank=True)

    class Meta:
        verbose_name = _("product line")
        verbose_name_plural = _("product lines")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Product(models.Model):
    """One thing we sell."""

    code = CodePointCharField(_("code"), max_length=64, unique=True)
    name = models.CharField(_("name"), max_length=200, blank=True)
    line = models.ForeignKey(
        ProductLine, models.PROTECT, related_name="products", verbose_name=_("product line")
    )
    complexity = models.PositiveSmallIntegerField(
        _("complexity"),
        default=1,
        validators=[MinValueValidator(1), MaxValueValidator(5)],
        help_text=_("1 simple … 5 needs servicing"),
    )
    service_life_months = models.PositiveSmallIntegerField(_("service life in months"), null=True, blank=True)

    class Meta:
        verbose_name = _("product")
        verbose_name_plural = _("products")
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(
                condition=Q(complexity__gte=1, complexity__lte=5), name="product_complexity_1_to_5"
            )
        ]

    def __str__(self) -> str:
        return self.name or self.code


class ExchangeRate(models.Model):
    """What one unit of a currency is worth in the base currency on a day."""

    currency = models.CharField(_("currency"), max_length=3)
    day = models.DateField(_("day"))
    rate = models.DecimalField(_("rate"), max_digits=18, decimal_places=8)

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("exchange rate")
        verbose_name_plural = _("exchange rates")
        ordering = ["currency", "-day"]
        constraints = [
            models.UniqueConstraint(fields=["currency", "day"], name="one_rate_per_currency_and_day"),
            models.CheckConstraint(condition=Q(rate__gt=0), name="rate_is_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.currency} {self.day}: {self.rate}"


class Purchase(models.Model):
    """One invoice or order of an account. `amount_cents` is what every sum and comparison uses.

    amount: the sum of the lines in `currency`, unrounded. amount_cents: the same in the base currency, rounded to
    cents, halves away from zero. rate: units of the base currency per unit of `currency`. Dates are None if unknown.
    """

    account = models.ForeignKey(Account, models.CASCADE, related_name="purchases", db_index=False)
    number = CodePointCharField(_("number"), max_length=64)
    ordered_on = models.DateField(_("ordered"))
    promised_on = models.DateField(_("delivery promised"), null=True, blank=True)
    delivered_on = models.DateField(_("delivered"), null=True, blank=True)
    due_on = models.DateField(_("due"), null=True, blank=True)
    paid_on = models.DateField(_("paid"), null=True, blank=True)
    currency = models.CharField(_("currency"), max_length=3)
    amount = models.DecimalField(_("amount"), max_digits=24, decimal_places=6)
    rate = models.DecimalField(_("rate"), max_digits=18, decimal_places=8, default=1)
    amount_cents = models.BigIntegerField(_("amount in cents of the base currency"))
    quarter = models.PositiveIntegerField(_("calendar quarter, counted on"), editable=False)
    imported = models.ForeignKey(
        Import, models.SET_NULL, null=True, blank=True, related_name="purchases", db_index=False
    )

    objects = PurchaseQuerySet.as_manager()

    class Meta:
        verbose_name = _("purchase")
        verbose_name_plural = _("purchases")
        ordering = ["-ordered_on", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["account", "number"], name="one_purchase_per_account_and_number"),
        ]
        indexes = [
            # Tiering reads this alone (docs/architecture.md, "Indexes"); SQLite ignores what is included.
            models.Index(
                fields=["account", "ordered_on"],
                include=["amount_cents", "quarter", "due_on", "paid_on"],
                name="purchase_account_ordered",
            ),
            models.Index(fields=["number"], name="purchase_number"),
            models.Index(fields=["-ordered_on", "-id"], name="purchase_newest"),  # the list's order
        ]

    def __str__(self) -> str:
        return self.number


class PurchaseLine(models.Model):
    """One line of a purchase, in the order of the file. `amount` is unrounded, in the purchase's currency."""

    purchase = models.ForeignKey(Purchase, models.CASCADE, related_name="lines", db_index=False)
    position = models.PositiveIntegerField()
    product = models.ForeignKey(Product, models.PROTECT, null=True, blank=True, related_name="+")
    description = models.CharField(max_length=300, blank=True)
    quantity = models.DecimalField(max_digits=18, decimal_places=4, null=True, blank=True)
    unit_price = models.DecimalField(max_digits=20, decimal_places=6, null=True, blank=True)
    amount = models.DecimalField(max_digits=24, decimal_places=6)

    class Meta:
        verbose_name = _("purchase line")
        verbose_name_plural = _("purchase lines")
        ordering = ["purchase", "position"]
        constraints = [
            models.UniqueConstraint(
                fields=["purchase", "position"], name="one_line_per_purchase_and_position"
            )
        ]

    def __str__(self) -> str:
        return self.description or str(self.position)


class RecentProductLine(models.Model):
    """One product line that an account bought in the last 12 months, at one complexity of its products, and when last.

    A fact that accounts.facts keeps (lines with a positive amount, purchases up to the day of the refreshing), so that
    contact rules ask a small table and not every line of every purchase. A product that is moved to another line, or
    given another complexity, counts as such from the next daily refreshing.
    """

    MADE_BY_JOBS: ClassVar = Q(pk__isnull=False)
    """All of them: undoing an import takes them along."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="recent_product_lines", db_index=False)
    line = models.ForeignKey(ProductLine, models.CASCADE, related_name="+")
    complexity = models.PositiveSmallIntegerField()
    last_ordered_on = models.DateField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "line", "complexity"], name="one_recent_product_line_per_account"
            )
        ]

    def __str__(self) -> str:
        return f"{self.account_id} {self.line_id}: {self.last_ordered_on}"
