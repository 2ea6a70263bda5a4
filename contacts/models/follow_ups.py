"""Contacts to be made, and the reasons for them (docs/domain.md, sections 2 and 3)."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, Channel, ContactPerson
from contacts.models.choices import Reason
from contacts.models.rules import ContactRule
from contacts.querysets import AgendaItemQuerySet, FollowUpQuerySet
from crm.look.words import Worded


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
        state__in=["planned", "cancelled"],
        generation__gt=0,
        moved_by_hand=False,
        snoozed_until__isnull=True,
        handed_over_by__isnull=True,
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
        ContactPerson,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("person"),
        db_index=False,
    )
    channel = models.CharField(_("channel"), max_length=10, choices=Channel)
    day = models.DateField(_("day"))
    time = models.TimeField(_("time"), null=True, blank=True)
    minutes = models.PositiveSmallIntegerField(_("minutes"), default=15)
    state = models.CharField(_("state"), max_length=9, choices=State, default=State.PLANNED)
    placing = models.JSONField(null=True, blank=True)
    """How `day` came from the due day of the leading item, written as AgendaItem.reckoning is; None: nothing to say."""
    moved_by_hand = models.BooleanField(_("moved by hand"), default=False)
    snoozed_until = models.DateField(_("snoozed until"), null=True, blank=True)
    handed_over_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("handed over by"),
        db_index=False,
    )
    """Who gave this one contact to the assignee; planning then leaves it with the assignee. None: nobody did."""
    hand_over_note = models.CharField(
        _("note to the colleague"), max_length=200, blank=True, default="", db_default=""
    )
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
            # Not for what is NULL in nearly all rows: each entry costs whoever plans two hundred thousand.
            models.Index(
                fields=["assignee", "closed_at"],
                condition=Q(closed_at__isnull=False),
                name="follow_up_closed_of_assignee",
            ),
            models.Index(fields=["person"], condition=Q(person__isnull=False), name="follow_up_with_person"),
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

    MADE_BY_JOBS: ClassVar = Q(Q(reason="cadence") | Q(source__startswith="trigger:")) & Q(
        state__in=["open", "withdrawn"]
    )
    """What planning or a trigger made and nobody dealt with: undoing an import takes it along."""

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
        "Touchpoint", models.SET_NULL, null=True, blank=True, related_name="closed_items", db_index=False
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
            models.Index(
                fields=["closed_by"], condition=Q(closed_by__isnull=False), name="agenda_item_closed_by"
            ),
        ]

    def __str__(self) -> str:
        return self.words or self.get_reason_display()
