"""Customers and the persons there (docs/domain.md, section 2)."""

from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from simple_history.models import HistoricalRecords

from accounts.folding import digits, fold
from accounts.models.values import Channel, CodePointCharField, Tier, country_choices, spread_number
from accounts.querysets import AccountQuerySet, ContactPersonQuerySet
from crm.look.words import Worded
from crm.team.models import Language


class Tag(models.Model):
    """A word by which accounts are grouped as people like ("trade fair 2026")."""

    name = models.CharField(_("name"), max_length=40, unique=True)

    class Meta:
        verbose_name = _("tag")
        verbose_name_plural = _("tags")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Account(Worded, models.Model):
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
        db_index=False,
    )
    team = models.ManyToManyField(
        settings.AUTH_USER_MODEL,
        through="AccountTeamMember",
        related_name="team_accounts",
        verbose_name=_("account team"),
    )

    # Where and how they are reached.
    country = models.CharField(_("country"), max_length=2, choices=country_choices, blank=True)
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
    tags = models.ManyToManyField(Tag, blank=True, related_name="accounts", verbose_name=_("tags"))
    merged_into = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, editable=False, related_name="merged"
    )
    """The account that this one turned out to be a duplicate of; such an account is archived too."""

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
            # Whom a user sees is a list of ids by owner (accounts.querysets.visible_ids): read from this alone.
            models.Index(fields=["owner", "id"], name="account_owner_id"),
            # None has the tier: a run changes thousands, and a row no index of which changes is rewritten in its page.
            # The list's order by name, without case and diacritics: the key begins with the folded name.
            models.Index(fields=["search_key"], name="account_search_key"),
            models.Index(fields=["-sales_12m_cents", "code"], name="account_sales"),
            models.Index(
                fields=["search_key"], condition=Q(archived_at__isnull=False), name="account_archived"
            ),
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


class ContactPerson(Worded, models.Model):
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
    merged_into = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, editable=False, related_name="merged"
    )
    """The person that this one turned out to be a duplicate of."""

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
        indexes = [
            models.Index(fields=["search_key"], name="person_search_key"),  # the list's order, by name
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


class Acquaintance(Worded, models.Model):
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
