"""Acts on a whole portfolio, kept so that they can be taken back (docs/domain.md, section 9)."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


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


class Restart(models.Model):
    """What was overdue in one portfolio, spread over some weeks in one act (docs/domain.md, 5.3), and what undoes it.

    moves: [follow-up id, day before, day after, moved by hand before] of every follow-up that was moved.
    """

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(_("at"))
    weeks = models.PositiveSmallIntegerField(_("weeks"))
    moves = models.JSONField(default=list)
    undone_at = models.DateTimeField(_("undone at"), null=True, blank=True)

    class Meta:
        verbose_name = _("restart")
        verbose_name_plural = _("restarts")
        ordering = ["-at", "-id"]

    def __str__(self) -> str:
        return f"{self.owner_id} {self.at}"
