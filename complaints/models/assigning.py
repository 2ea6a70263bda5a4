"""Who was given many complaints at once, so that it can be taken back."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class Assigning(models.Model):
    """One act of assigning some complaints to one person. before: {"<id of who had them, '' for nobody>": [ids]}."""

    assignee = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    before = models.JSONField()
    at = models.DateTimeField()
    undone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("assigning of complaints")
        verbose_name_plural = _("assignings of complaints")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.assignee_id} {self.at:%Y-%m-%d}"
