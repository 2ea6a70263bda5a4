"""Contacts that took place, contacts to be made, and the rules between them (docs/domain.md, sections 2, 3 and 5)."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from accounts.models import Account, Channel, ContactPerson, ProductLine
from contacts.querysets import (
    AgendaItemQuerySet,
    ContactRuleQuerySet,
    FollowUpQuerySet,
    PromiseQuerySet,
    TouchpointQuerySet,
)
from crm.look.words import Worded


class Outcome(models.TextChoices):
    """What a contact brought."""

    NEW_ORDER = "new_order", _("New order")
    NEW_INFORMATION = "new_information", _("New information")
    RELATIONSHIP = "relationship", _("Relationship only")
    NOTHING = "nothing", _("Nothing")
    NOT_REACHED = "not_reached", _("Not reached")
    UNWELCOME = "unwelcome", _("Unwelcome")


class Reason(models.TextChoices):
    """Why an agenda item asks for a contact (docs/domain.md, section 3)."""

    CADENCE = "cadence", _("Cadence")
    AFTER_PURCHASE = "after_purchase", _("After purchase")
    BEFORE_DELIVERY = "before_delivery", _("Before delivery")
    AFTER_DELIVERY = "after_delivery", _("After delivery")
    COMPLAINT = "complaint", _("Complaint")
    QUESTION = "question", _("Question")
    PROMISE_DUE = "promise_due", _("Promise due")
    REPLACEMENT_DUE = "replacement_due", _("Replacement due")
    OCCASION = "occasion", _("Occasion")
    WIN_BACK = "win_back", _("Win-back")
    TIER_CHANGE = "tier_change", _("Tier change")
    PULSE_ANSWER = "pulse_answer", _("Pulse answer")
    MANUAL = "manual", _("Manual")


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


class CadenceStart(models.Model):
    """The day on which a cadence first governed an account on a channel: where the spreading counts from (5.2)."""

    MADE_BY_JOBS: ClassVar = Q(pk__isnull=False)
    """All of them: undoing an import takes them along (accounts.importing.undo_finding)."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="cadence_starts", db_index=False)
    channel = models.CharField(max_length=10, choices=Channel)
    day = models.DateField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "channel"], name="one_cadence_start_per_channel")
        ]

    def __str__(self) -> str:
        return f"{self.account_id} {self.channel} {self.day}"


class PlannedAccount(models.Model):
    """What planning saw of one account when it last looked at it: a pass over all accounts leaves out what is the same.

    Planning's own note, written by nothing else; without it the account is looked at again.
    """

    MADE_BY_JOBS: ClassVar = Q(pk__isnull=False)
    """All of them: undoing an import takes them along."""

    account = models.OneToOneField(Account, models.CASCADE, primary_key=True, related_name="planned")
    owner = models.BigIntegerField()
    """The user who owned it. A number, so that nothing refers to a user by a mere note."""
    rules = models.CharField(max_length=200)
    """The rule that governed each channel, as `contacts.planning.changed` writes it."""
    due = models.DateField(null=True)
    """The earliest due day beyond the horizon: once the horizon reaches it, time alone changes the plan. None: none."""

    def __str__(self) -> str:
        return f"{self.account_id}: {self.rules}"


class PlanningPass(models.Model):
    """The last complete pass of planning over all accounts, in one row: what it knew that is the same for many."""

    started_at = models.DateTimeField()
    day = models.DateField()
    rules = models.CharField(max_length=64)
    """A digest of the cadences in force."""
    calendars = models.JSONField(default=dict)
    """Owner (as text) -> a digest of the owner's working calendar."""

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="one_last_planning_pass")]

    def __str__(self) -> str:
        return str(self.day)


class FollowUp(Worded, models.Model):
    """One contact to be made, with one or more agenda items. Closed ones stay as history of what was planned.

    day: the local day it is to be made on; time: local, None unless agreed. moved_by_hand: a person chose the day,
    planning keeps it. snoozed_until: not shown on Today before this day; `day` stays, so that overdue stays true.
    """

    class State(models.TextChoices):
        PLANNED = "planned", _("Planned")
        BOOKED = "booked", _("Booked")
        DONE = "done", _("Done")
        SKIPPED = "skipped", _("Skipped")
        CANCELLED = "cancelled", _("Cancelled")

    OPEN: ClassVar = (State.PLANNED, State.BOOKED)
    MADE_BY_JOBS: ClassVar = Q(
        state__in=["planned", "cancelled"], generation__gt=0, moved_by_hand=False, snoozed_until__isnull=True
    )
    """What planning made and nobody touched: undoing an import takes it along."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="follow_ups", verbose_name=_("account"))
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="follow_ups",
        verbose_name=_("assignee"),
        db_index=False,
    )
    person = models.ForeignKey(
        ContactPerson, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("person")
    )
    channel = models.CharField(_("channel"), max_length=10, choices=Channel)
    day = models.DateField(_("day"))
    time = models.TimeField(_("time"), null=True, blank=True)
    minutes = models.PositiveSmallIntegerField(_("minutes"), default=15)
    state = models.CharField(_("state"), max_length=9, choices=State, default=State.PLANNED)
    moved_by_hand = models.BooleanField(_("moved by hand"), default=False)
    snoozed_until = models.DateField(_("snoozed until"), null=True, blank=True)
    skip_reason = models.CharField(_("reason for skipping"), max_length=200, blank=True)
    generation = models.BigIntegerField(
        default=0, help_text="The planning run that last wrote this row; 0: a person."
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True)

    objects = FollowUpQuerySet.as_manager()

    class Meta:
        verbose_name = _("follow-up")
        verbose_name_plural = _("follow-ups")
        ordering = ["day", "time", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["planned", "booked", "done", "skipped", "cancelled"]),
                name="follow_up_state_is_known",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["planned", "booked"], closed_at__isnull=True)
                | Q(state__in=["done", "skipped", "cancelled"], closed_at__isnull=False),
                name="follow_up_closed_at_when_closed",
            ),
        ]
        indexes = [
            models.Index(
                fields=["assignee", "day"],
                condition=Q(state__in=["planned", "booked"]),
                name="follow_up_open_of_assignee",
            ),
            models.Index(fields=["assignee", "closed_at"], name="follow_up_closed_of_assignee"),
        ]

    def __str__(self) -> str:
        return f"{self.get_channel_display()} {self.day}"

    @property
    def is_open(self) -> bool:
        return self.state in self.OPEN


class AgendaItem(Worded, models.Model):
    """One reason for a follow-up. Among open items (account, reason, source) is unique: planning upserts by it.

    source: where it came from, as text, since the source may lie on a floor above: "visit" for the cadence on visits
    (the rule is an attribute, so that a changed rule keeps the item), "promise:17", "touchpoint:<uuid>" (next step).
    earliest <= due <= latest is its window. interval_days is None for an item without an interval.
    reckoning: the chain that explains `due`, a list of {"step": code, "day": ISO date, ...} (contacts.reckoning).
    """

    class State(models.TextChoices):
        OPEN = "open", _("Open")
        DONE = "done", _("Done")
        SKIPPED = "skipped", _("Skipped")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    MADE_BY_JOBS: ClassVar = Q(reason="cadence", state__in=["open", "withdrawn"])
    """What planning made and nobody dealt with: undoing an import takes it along."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="agenda_items", db_index=False)
    follow_up = models.ForeignKey(FollowUp, models.SET_NULL, null=True, blank=True, related_name="items")
    reason = models.CharField(max_length=16, choices=Reason)
    source = models.CharField(max_length=80)
    rule = models.ForeignKey(ContactRule, models.SET_NULL, null=True, blank=True, related_name="+")
    words = models.CharField(max_length=300, blank=True)
    channel = models.CharField(max_length=10, choices=Channel)
    minutes = models.PositiveSmallIntegerField(default=15)
    earliest = models.DateField()
    due = models.DateField()
    latest = models.DateField()
    interval_days = models.PositiveSmallIntegerField(null=True, blank=True)
    counted_from = models.DateField(null=True, blank=True)
    """The last contact that counts (or, for one never contacted, the day the rule began): urgency counts from here."""
    reckoning = models.JSONField(default=list)
    state = models.CharField(max_length=9, choices=State, default=State.OPEN)
    generation = models.BigIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(
        "Touchpoint", models.SET_NULL, null=True, blank=True, related_name="closed_items"
    )
    """The contact that dealt with it; taking that contact back opens the item again."""

    objects = AgendaItemQuerySet.as_manager()

    class Meta:
        verbose_name = _("agenda item")
        verbose_name_plural = _("agenda items")
        ordering = ["due", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "reason", "source"],
                condition=Q(state="open"),
                name="one_open_item_per_source",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["open", "done", "skipped", "withdrawn"]),
                name="agenda_item_state_is_known",
            ),
            models.CheckConstraint(
                condition=Q(earliest__lte=F("due")) & Q(due__lte=F("latest")),
                name="agenda_item_window_is_in_order",
            ),
        ]
        indexes = [
            models.Index(fields=["account", "reason", "source"], name="agenda_item_of_account"),
            models.Index(
                fields=["closed_at"], condition=Q(closed_at__isnull=False), name="agenda_item_closed_at"
            ),
        ]

    def __str__(self) -> str:
        return self.words or self.get_reason_display()


class Touchpoint(Worded, models.Model):
    """One contact that took place. `uuid` is made by the form that logs it, so that sending twice logs once.

    day: the local day of `at` for the person who logged. deleted_at: taken back by a person; kept for undo and record,
    counted nowhere (`Touchpoint.objects.live()`).
    """

    class Direction(models.TextChoices):
        OUT = "out", _("We contacted them")
        IN = "in", _("They contacted us")

    account = models.ForeignKey(
        Account, models.CASCADE, related_name="touchpoints", verbose_name=_("account"), db_index=False
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="touchpoints", verbose_name=_("by")
    )
    follow_up = models.ForeignKey(
        FollowUp, models.SET_NULL, null=True, blank=True, related_name="touchpoints"
    )
    persons = models.ManyToManyField(
        ContactPerson, blank=True, related_name="touchpoints", verbose_name=_("persons")
    )
    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    at = models.DateTimeField(_("when"))
    day = models.DateField(_("day"))
    channel = models.CharField(_("channel"), max_length=10, choices=Channel)
    direction = models.CharField(_("direction"), max_length=3, choices=Direction, default=Direction.OUT)
    minutes = models.PositiveSmallIntegerField(_("minutes"), default=0, validators=[MaxValueValidator(1440)])
    outcome = models.CharField(_("outcome"), max_length=16, choices=Outcome)
    note = models.TextField(_("note"), blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    deleted_at = models.DateTimeField(null=True, blank=True, editable=False)

    history = HistoricalRecords(m2m_fields=[persons])
    objects = TouchpointQuerySet.as_manager()

    class Meta:
        verbose_name = _("touchpoint")
        verbose_name_plural = _("touchpoints")
        ordering = ["-at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(channel__in=Channel.values), name="touchpoint_channel_is_known"
            ),
            models.CheckConstraint(
                condition=Q(outcome__in=Outcome.values), name="touchpoint_outcome_is_known"
            ),
        ]
        indexes = [
            models.Index(
                fields=["account", "-day"],
                include=["channel", "outcome", "minutes"],
                condition=Q(deleted_at__isnull=True),
                name="touchpoint_of_account",
            ),
            models.Index(
                fields=["user", "-day"],
                include=["account"],
                condition=Q(deleted_at__isnull=True),
                name="touchpoint_of_user",
            ),
            models.Index(
                fields=["-day", "-at"], condition=Q(deleted_at__isnull=True), name="touchpoint_newest"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_channel_display()} {self.day}"


class Promise(Worded, models.Model):
    """What we told a customer we would do, by when."""

    class State(models.TextChoices):
        OPEN = "open", _("Open")
        KEPT = "kept", _("Kept")
        BROKEN = "broken", _("Broken")
        RENEGOTIATED = "renegotiated", _("Renegotiated")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    account = models.ForeignKey(Account, models.CASCADE, related_name="promises", verbose_name=_("account"))
    person = models.ForeignKey(ContactPerson, models.SET_NULL, null=True, blank=True, related_name="promises")
    touchpoint = models.ForeignKey(
        Touchpoint, models.SET_NULL, null=True, blank=True, related_name="promises"
    )
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="promises")
    words = models.CharField(_("promise"), max_length=300)
    made_on = models.DateField(_("made on"))
    due_on = models.DateField(_("due on"))
    state = models.CharField(_("state"), max_length=12, choices=State, default=State.OPEN)
    closed_on = models.DateField(_("closed on"), null=True, blank=True)

    history = HistoricalRecords()
    objects = PromiseQuerySet.as_manager()

    class Meta:
        verbose_name = _("promise")
        verbose_name_plural = _("promises")
        ordering = ["due_on", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(due_on__gte=F("made_on")), name="promise_due_after_it_was_made"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["open", "kept", "broken", "renegotiated", "withdrawn"]),
                name="promise_state_is_known",
            ),
        ]
        indexes = [
            models.Index(fields=["made_by", "due_on"], condition=Q(state="open"), name="promise_open_of_user")
        ]

    def __str__(self) -> str:
        return self.words


class HandOver(models.Model):
    """One portfolio given to one or several colleagues: what went to whom, which is also what undoes it.

    shares: receiver's id -> account ids. follow_ups: [id, receiver's id, day before, day after] of those that went
    along. The briefing of the new owners is made of it.
    """

    giver = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(_("at"))
    shares = models.JSONField(default=dict)
    follow_ups = models.JSONField(default=list)
    undone_at = models.DateTimeField(_("undone at"), null=True, blank=True)

    class Meta:
        verbose_name = _("hand-over")
        verbose_name_plural = _("hand-overs")
        ordering = ["-at", "-id"]

    def __str__(self) -> str:
        return f"{self.giver_id} {self.at}"
