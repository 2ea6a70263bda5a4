"""Jobs as rows: the truth about what should run, runs, and ran. The broker only carries the news of them."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Job(models.Model):
    """One piece of background work, wanted once. A task claims the row, works, and writes how it ended.

    `key` says what the work is about ("tiering:2026-09-30"); among open jobs of one kind it is unique, so that asking
    twice makes one job. Whether a running job lives is told by its lock (crm.jobs.locks), not by a time.
    """

    class State(models.TextChoices):
        QUEUED = "queued", _("Queued")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")

    OPEN_STATES: ClassVar = (State.QUEUED, State.RUNNING)

    kind = models.CharField(_("kind"), max_length=40)
    key = models.CharField(_("key"), max_length=120)
    arguments = models.JSONField(_("arguments"), default=dict)
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.QUEUED)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    """How often it was begun, counting those whose worker died."""
    failures = models.PositiveSmallIntegerField(_("failures"), default=0)
    """How often it ended with an error."""
    queued_at = models.DateTimeField(_("queued at"))
    not_before = models.DateTimeField(_("not before"))
    """From when it may be begun: when it was asked for, or after a failure the end of the pause."""
    started_at = models.DateTimeField(_("started at"), null=True)
    finished_at = models.DateTimeField(_("finished at"), null=True)
    again = models.BooleanField(_("again"), default=False)
    """Asked for while it ran, by somebody who needs what was written meanwhile to be seen: it is queued once more."""
    progress_done = models.BigIntegerField(_("done so far"), default=0)
    progress_total = models.BigIntegerField(_("of"), null=True)
    result = models.JSONField(_("result"), default=dict)
    error = models.TextField(_("error"), blank=True)
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        verbose_name = _("job")
        verbose_name_plural = _("jobs")
        ordering = ["-queued_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "key"],
                condition=Q(state__in=["queued", "running"]),
                name="one_open_job_per_kind_and_key",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["queued", "running", "done", "failed"]), name="job_state_is_known"
            ),
        ]
        indexes = [models.Index(fields=["state", "not_before"], name="job_state_not_before")]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"
