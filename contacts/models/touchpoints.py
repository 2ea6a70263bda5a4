"""Contacts that took place, and what was promised in them (docs/domain.md, section 2)."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from accounts.models import Account, Channel, ContactPerson
from contacts.models.choices import Outcome
from contacts.models.follow_ups import FollowUp
from contacts.querysets import PromiseQuerySet, TouchpointQuerySet
from crm.look.words import Worded


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
