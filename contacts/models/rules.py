"""Contact rules: how often accounts are contacted, or which contact follows an event (docs/domain.md, 5.1)."""

from __future__ import annotations

from typing import ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from accounts.models import Account, Channel, ProductLine
from contacts.querysets import ContactRuleQuerySet


class ContactRule(models.Model):
    """One sentence of an admin: how often accounts of a kind are contacted (cadence), or what follows an event.

    Conditions left empty do not restrict; all that are set must hold. Rules are tried in `priority` order, 1 first;
    for each account and channel the first cadence that matches governs (docs/domain.md, 5.1).
    """

    class Kind(models.TextChoices):
        CADENCE = "cadence", _("Cadence")
        TRIGGER = "trigger", _("Trigger")

    class Event(models.TextChoices):
        FIRST_PURCHASE = "first_purchase", _("First purchase")
        PURCHASE = "purchase", _("Purchase of at least")
        BEFORE_DELIVERY = "before_delivery", _("Before promised delivery")
        DELIVERY = "delivery", _("Delivery")
        LATE_DELIVERY = "late_delivery", _("Late delivery")
        COMPLAINT_CLOSED = "complaint_closed", _("Complaint closed")
        REPLACEMENT_DUE = "replacement_due", _("Replacement due")
        TIER_CHANGE = "tier_change", _("Tier change")
        LAPSING = "lapsing", _("Became lapsing")
        PERSON_LEFT = "person_left", _("Person left")

    name = models.CharField(_("name"), max_length=120, blank=True)
    kind = models.CharField(_("kind"), max_length=8, choices=Kind, default=Kind.CADENCE)
    priority = models.PositiveIntegerField(_("priority"))
    enabled = models.BooleanField(_("in force"), default=True)
    active_from = models.DateField(_("active from"), null=True, blank=True)
    active_until = models.DateField(_("active until"), null=True, blank=True)

    # Conditions.
    tiers = models.CharField(
        _("tiers"), max_length=3, blank=True, help_text=_("Letters in order, such as AB; empty: any.")
    )
    phases = models.JSONField(_("phases"), default=list, blank=True)
    product_lines = models.ManyToManyField(
        ProductLine, blank=True, related_name="+", verbose_name=_("product lines bought in 12 months")
    )
    complexity_at_least = models.PositiveSmallIntegerField(
        _("product complexity at least"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(5)],
    )
    orders_per_year_at_least = models.PositiveSmallIntegerField(
        _("orders per year at least"), null=True, blank=True
    )
    product_lines_at_least = models.PositiveSmallIntegerField(
        _("product lines at least"), null=True, blank=True
    )
    potential_at_least_cents = models.BigIntegerField(_("potential at least"), null=True, blank=True)
    strategy_goal = models.CharField(_("strategy goal"), max_length=10, choices=Account.Goal, blank=True)
    service_level = models.CharField(
        _("service level"), max_length=10, choices=Account.ServiceLevel, blank=True
    )

    # What is to be done.
    channel = models.CharField(_("channel"), max_length=10, choices=Channel)
    minutes = models.PositiveSmallIntegerField(
        _("minutes"), default=15, validators=[MinValueValidator(1), MaxValueValidator(600)]
    )
    every_days = models.PositiveSmallIntegerField(
        _("every N days"), null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(1100)]
    )
    tolerance_days = models.PositiveSmallIntegerField(
        _("tolerance in days"), default=5, validators=[MaxValueValidator(365)]
    )
    event = models.CharField(_("event"), max_length=20, choices=Event, blank=True)
    event_amount_cents = models.BigIntegerField(_("amount at least"), null=True, blank=True)
    event_days = models.PositiveSmallIntegerField(_("days before"), null=True, blank=True)
    offset_from = models.PositiveSmallIntegerField(_("working days after, from"), null=True, blank=True)
    offset_until = models.PositiveSmallIntegerField(_("working days after, until"), null=True, blank=True)
    talking_points = models.TextField(_("talking points"), blank=True)
    fires_from = models.DateField(_("fires from"), null=True, blank=True, editable=False)
    """The day a trigger was last put in force: events before it fire nothing. None: never yet, or a cadence."""

    history = HistoricalRecords()
    objects = ContactRuleQuerySet.as_manager()

    class Meta:
        verbose_name = _("contact rule")
        verbose_name_plural = _("contact rules")
        ordering = ["priority", "id"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(kind="cadence") | Q(every_days__gte=1), name="cadence_has_an_interval"
            ),
            models.CheckConstraint(condition=~Q(kind="trigger") | ~Q(event=""), name="trigger_has_an_event"),
            models.CheckConstraint(condition=Q(minutes__gte=1), name="rule_takes_minutes"),
            models.CheckConstraint(
                condition=Q(active_until__isnull=True)
                | Q(active_from__isnull=True)
                | Q(active_until__gte=F("active_from")),
                name="rule_ends_after_it_starts",
            ),
        ]

    def __str__(self) -> str:
        return self.name or f"{self.get_channel_display()} / {self.every_days}"


class TriggerFiring(models.Model):
    """One event for which a trigger fired: the row makes it fire once, whatever happens to the item it made.

    key: the event as its source names it ("purchase:4711"), unique within the rule. day: the local day of the event.
    """

    MADE_BY_JOBS: ClassVar = Q(pk__isnull=False)
    """All of them: undoing an import takes them along."""

    rule = models.ForeignKey(ContactRule, models.CASCADE, related_name="firings", db_index=False)
    key = models.CharField(max_length=60)
    account = models.ForeignKey(Account, models.CASCADE, related_name="+")
    day = models.DateField()
    fired_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["rule", "key"], name="a_trigger_fires_once_per_event")]

    def __str__(self) -> str:
        return f"{self.rule_id} {self.key}"
