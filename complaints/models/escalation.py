"""Who was told that a clock runs out, or has run out."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from complaints.models.complaint import Complaint
from complaints.querysets import EscalationQuerySet
from crm.look.words import Worded


class Clock(models.TextChoices):
    """The two clocks of a complaint."""

    RESPONSE = "response", _("First response")
    RESOLUTION = "resolution", _("Resolution")


class Escalation(Worded, models.Model):
    """One person told, once: a warning at 75 % of the time, a breach again on each working day it lasts."""

    class Kind(models.TextChoices):
        WARNING = "warning", _("Warning")
        BREACH = "breach", _("Breach")

    complaint = models.ForeignKey(Complaint, models.CASCADE, related_name="escalations", db_index=False)
    kind = models.CharField(max_length=7, choices=Kind)
    clock = models.CharField(max_length=10, choices=Clock)
    day = models.DateField()
    """The working day, by the calendar that the complaint's clock runs in."""
    recipient = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="escalations")
    at = models.DateTimeField()
    mailed_at = models.DateTimeField(null=True, blank=True)
    """When it was claimed for a mail; None: not yet."""

    objects = EscalationQuerySet.as_manager()

    class Meta:
        verbose_name = _("escalation")
        verbose_name_plural = _("escalations")
        ordering = ["-at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["complaint", "kind", "clock", "day", "recipient"], name="one_escalation_a_day"
            ),
            models.UniqueConstraint(
                fields=["complaint", "clock", "recipient"],
                condition=Q(kind="warning"),
                name="one_warning_per_clock",
            ),
        ]
        indexes = [
            models.Index(
                fields=["recipient"], condition=Q(mailed_at__isnull=True), name="escalation_unmailed"
            )
        ]

    def __str__(self) -> str:
        return f"{self.complaint_id} {self.kind} {self.clock} {self.day}"
