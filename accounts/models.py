"""Customers, the persons there, what we sell, and what they bought (docs/domain.md, section 2)."""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import Any, ClassVar

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from simple_history.models import HistoricalRecords

from accounts.folding import digits, fold
from accounts.querysets import AccountQuerySet, ContactPersonQuerySet, PurchaseQuerySet
from crm.team.models import Country, Language


class CodePointCharField(models.CharField):
    """Text that both databases order by Unicode code point, as SPEC's orders by account code ask.

    SQLite does so by itself (BINARY); PostgreSQL needs the collation "C".
    """

    def db_parameters(self, connection: BaseDatabaseWrapper) -> Any:
        parameters = super().db_parameters(connection)
        if connection.vendor == "postgresql":
            parameters["collation"] = "C"
        return parameters


class Tier(models.TextChoices):
    """How much service time an account has earned; None on an account without a tier."""

    A = "A", "A"
    B = "B", "B"
    C = "C", "C"


class Channel(models.TextChoices):
    """How a contact is made."""

    VISIT = "visit", _("Visit")
    VIDEO = "video", _("Video")
    PHONE = "phone", _("Phone")
    EMAIL = "email", _("E-mail")
    LETTER = "letter", _("Letter")
    EVENT = "event", _("Event")
    MATERIAL = "material", _("Material")
    BROADCAST = "broadcast", _("Broadcast")


def spread_number(code: str) -> int:
    """A stable number in 0 .. 2**31 - 1 from the account code (SHA-256), the same on every machine."""
    return int.from_bytes(hashlib.sha256(code.encode()).digest()[:4], "big") >> 1


def quarter_number(day: dt.date) -> int:
    """Calendar quarters in one running count: year * 4 + 0..3, so that distinct quarters can be counted."""
    return day.year * 4 + (day.month - 1) // 3


class Account(models.Model):
    """One customer company, or a site of one. Tiers and purchases belong to the account itself."""

    class Phase(models.TextChoices):
        PROSPECT = "prospect", _("Prospect")
        CUSTOMER = "customer", pgettext_lazy("phase", "Customer")
        LAPSING = "lapsing", _("Lapsing")
        LOST = "lost", _("Lost")
        LET_GO = "let_go", _("Let go")

    class Goal(models.TextChoices):
        KEEP = "keep", _("Keep")
        SELL_MORE = "sell_more", _("Sell more")
        DEEPEN = "deepen", _("Deepen relations")

    class ServiceLevel(models.TextChoices):
        BASIC = "basic", _("Basic")
        STANDARD = "standard", _("Standard")
        PREMIUM = "premium", _("Premium")

    class Character(models.TextChoices):
        EXCELLENT = "excellent", _("Excellent")
        AVERAGE = "average", _("Average")
        DIFFICULT = "difficult", _("Difficult")
        PASSIVE = "passive", _("Passive")

    code = CodePointCharField(_("code"), max_length=64, unique=True)
    name = models.CharField(_("name"), max_length=200)
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="sites", verbose_name=_("parent account")
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="owned_accounts",
        verbose_name=_("owner"),
    )
    team = models.ManyToManyField(
        settings.AUTH_USER_MODEL,
        through="AccountTeamMember",
        related_name="team_accounts",
        verbose_name=_("account team"),
    )

    # Where and how they are reached.
    country = models.CharField(_("country"), max_length=2, choices=Country, blank=True)
    city = models.CharField(_("city"), max_length=80, blank=True)
    postal_code = models.CharField(_("postal code"), max_length=16, blank=True)
    address = models.CharField(_("address"), max_length=200, blank=True)
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    website = models.URLField(_("website"), blank=True)
    tax_number = models.CharField(_("tax number"), max_length=32, blank=True)
    language = models.CharField(_("language"), max_length=2, choices=Language, blank=True)
    notes = models.TextField(_("notes"), blank=True)

    # What we want with them and what they want of us.
    strategy_goal = models.CharField(_("strategy goal"), max_length=10, choices=Goal, default=Goal.KEEP)
    service_level = models.CharField(
        _("service level"), max_length=10, choices=ServiceLevel, default=ServiceLevel.STANDARD
    )
    character = models.CharField(_("character"), max_length=10, choices=Character, blank=True)
    seasonal = models.BooleanField(
        _("seasonal"),
        default=False,
        help_text=_("Buys in one season: exempt from “sporadic” when tiers are computed."),
    )
    potential_cents = models.BigIntegerField(
        _("potential"),
        default=0,
        validators=[MinValueValidator(0)],
        help_text=_("Expected yearly sales; 0 unknown."),
    )
    expected_orders_per_year = models.PositiveSmallIntegerField(
        _("expected orders per year"), null=True, blank=True
    )

    # Facts that other apps own and write (docs/architecture.md, "Facts on the account"); forms never do.
    phase = models.CharField(
        _("phase"), max_length=10, choices=Phase, default=Phase.PROSPECT
    )  # accounts.facts
    tier = models.CharField(_("tier"), max_length=1, choices=Tier, null=True, blank=True)  # segmentation
    tier_since = models.DateField(_("tier since"), null=True, blank=True)  # segmentation
    tier_provisional = models.BooleanField(_("tier is provisional"), default=False)  # segmentation
    first_purchase_on = models.DateField(_("first purchase"), null=True, blank=True)  # accounts.facts
    last_purchase_on = models.DateField(_("last purchase"), null=True, blank=True)  # accounts.facts
    sales_12m_cents = models.BigIntegerField(_("sales of 12 months"), default=0)  # accounts.facts
    orders_12m = models.PositiveIntegerField(_("orders of 12 months"), default=0)  # accounts.facts
    mean_gap_days = models.FloatField(_("mean gap in days"), null=True, blank=True)  # accounts.facts
    last_contact_on = models.DateField(_("last contact"), null=True, blank=True)  # contacts
    open_complaints = models.PositiveIntegerField(_("open complaints"), default=0)  # complaints

    spread = models.PositiveIntegerField(editable=False)
    search_key = models.TextField(editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    archived_at = models.DateTimeField(_("archived at"), null=True, blank=True, editable=False)

    FACTS: ClassVar = (
        "phase",
        "tier",
        "tier_since",
        "tier_provisional",
        "first_purchase_on",
        "last_purchase_on",
        "sales_12m_cents",
        "orders_12m",
        "mean_gap_days",
        "last_contact_on",
        "open_complaints",
    )

    history = HistoricalRecords(excluded_fields=[*FACTS, "spread", "search_key"], m2m_fields=[])
    objects = AccountQuerySet.as_manager()

    class Meta:
        verbose_name = _("account")
        verbose_name_plural = _("accounts")
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(condition=~Q(code=""), name="account_has_a_code"),
            models.CheckConstraint(
                condition=Q(tier__isnull=True) | Q(tier__in=Tier.values), name="account_tier_is_known"
            ),
            models.CheckConstraint(
                condition=Q(potential_cents__gte=0), name="account_potential_not_negative"
            ),
            models.CheckConstraint(condition=~Q(parent=F("id")), name="account_is_not_its_own_parent"),
        ]
        indexes = [
            models.Index(fields=["owner", "tier"], name="account_owner_tier"),
            models.Index(fields=["tier", "code"], name="account_tier_code"),
            # The list's order by name, without case and diacritics: the key begins with the folded name.
            models.Index(fields=["search_key"], name="account_search_key"),
            models.Index(fields=["-sales_12m_cents", "code"], name="account_sales"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("accounts:detail", args=[self.pk])

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Derive the spread number and the search key; see `derive`."""
        self.derive()
        if (fields := kwargs.get("update_fields")) is not None:
            kwargs["update_fields"] = {*fields, "spread", "search_key"}
        super().save(*args, **kwargs)

    def derive(self) -> None:
        """Set what follows from other fields. Bulk writers call this before they write."""
        self.spread = spread_number(self.code)
        parts = [
            self.name,
            self.code,
            self.city,
            self.email,
            self.tax_number,
            digits(self.tax_number),
            digits(self.phone),
        ]
        self.search_key = fold(" ".join(part for part in parts if part))


class AccountTeamMember(models.Model):
    """One user who works on an account beside its owner."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="team_members")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="team_memberships")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "account"], name="one_seat_per_user_and_account")
        ]

    def __str__(self) -> str:
        return f"{self.user} on {self.account}"


class ContactPerson(models.Model):
    """One person at an account."""

    class BuyingRole(models.TextChoices):
        DECIDES = "decides", _("Decision maker")
        INFLUENCES = "influences", _("Influencer")
        USES = "uses", _("User")
        PAYS = "pays", _("Payer")
        GATEKEEPER = "gatekeeper", _("Gatekeeper")

    class Influence(models.IntegerChoices):
        LITTLE = 1, _("Little influence")
        SOME = 2, _("Some influence")
        MUCH = 3, _("Much influence")

    account = models.ForeignKey(Account, models.CASCADE, related_name="persons", verbose_name=_("account"))
    name = models.CharField(_("name"), max_length=120)
    position = models.CharField(_("position"), max_length=120, blank=True)
    buying_role = models.CharField(_("role in buying"), max_length=12, choices=BuyingRole, blank=True)
    influence = models.PositiveSmallIntegerField(_("influence"), choices=Influence, null=True, blank=True)
    is_main = models.BooleanField(_("first to contact"), default=False)
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    preferred_channel = models.CharField(_("preferred channel"), max_length=10, choices=Channel, blank=True)
    preferred_times = models.CharField(_("preferred times and wishes"), max_length=200, blank=True)
    language = models.CharField(_("language"), max_length=2, choices=Language, blank=True)
    birthday = models.DateField(_("birthday"), null=True, blank=True)
    name_day = models.CharField(_("name day"), max_length=5, blank=True, help_text=_("Month and day: 03-19."))
    consents_to_mail = models.BooleanField(_("consents to e-mail"), default=False)
    consents_to_calls = models.BooleanField(_("consents to calls"), default=False)
    consents_to_greetings = models.BooleanField(_("consents to greetings"), default=False)
    consent_recorded_on = models.DateField(_("consent recorded on"), null=True, blank=True)
    left_on = models.DateField(_("left on"), null=True, blank=True)
    search_key = models.TextField(editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    history = HistoricalRecords(excluded_fields=["search_key"])
    objects = ContactPersonQuerySet.as_manager()

    class Meta:
        verbose_name = _("contact person")
        verbose_name_plural = _("contact persons")
        ordering = ["-is_main", "name", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["account"], condition=Q(is_main=True), name="one_main_person_per_account"
            )
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Derive the search key; see `derive`."""
        self.derive()
        super().save(*args, **kwargs)

    def derive(self) -> None:
        """Set what follows from other fields. Bulk writers call this before they write."""
        parts = [self.name, self.email, digits(self.phone)]
        self.search_key = fold(" ".join(part for part in parts if part))


class Acquaintance(models.Model):
    """How well one of us knows one contact person."""

    class Strength(models.IntegerChoices):
        LITTLE = 1, _("a little")
        FAIRLY = 2, _("fairly")
        WELL = 3, _("well")

    person = models.ForeignKey(ContactPerson, models.CASCADE, related_name="acquaintances")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="acquaintances")
    strength = models.PositiveSmallIntegerField(choices=Strength, default=Strength.FAIRLY)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["person", "user"], name="one_acquaintance_per_person_and_user")
        ]

    def __str__(self) -> str:
        return f"{self.user} – {self.person}"


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


class Import(models.Model):
    """One file read into the database: what was asked, what came of it. Written in the import's own transaction."""

    class Kind(models.TextChoices):
        PURCHASES = "purchases", _("Purchases")
        ACCOUNTS = "accounts", _("Accounts")

    kind = models.CharField(_("kind"), max_length=12, choices=Kind)
    file_name = models.CharField(_("file"), max_length=255)
    sha256 = models.CharField(max_length=64)
    preset = models.CharField(_("preset"), max_length=40, blank=True)
    mapping = models.JSONField(_("mapping"), default=dict)
    rows_read = models.PositiveIntegerField(_("rows read"), default=0)
    rows_taken = models.PositiveIntegerField(_("rows taken"), default=0)
    rows_rejected = models.PositiveIntegerField(_("rows rejected"), default=0)
    created = models.PositiveIntegerField(_("created"), default=0)
    changed = models.PositiveIntegerField(_("changed"), default=0)
    unchanged = models.PositiveIntegerField(_("unchanged"), default=0)
    started_at = models.DateTimeField(_("started at"))
    finished_at = models.DateTimeField(_("finished at"))
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        ordering = ["-started_at", "-id"]

    def __str__(self) -> str:
        return self.file_name


class ExchangeRate(models.Model):
    """What one unit of a currency is worth in the base currency on a day."""

    currency = models.CharField(_("currency"), max_length=3)
    day = models.DateField(_("day"))
    rate = models.DecimalField(_("rate"), max_digits=18, decimal_places=8)

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
