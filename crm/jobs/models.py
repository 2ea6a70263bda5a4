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
        STOPPED = "stopped", _("Stopped")

    class Trouble(models.TextChoices):
        """What kind of thing went wrong; crm.jobs.troubles has the words and the remedies."""

        REFUSED = "refused", _("Refused")
        DATABASE_GONE = "database_gone", _("The database was away")
        DATABASE_BUSY = "database_busy", _("The database was busy")
        DISK_FULL = "disk_full", _("The disk is full")
        MEMORY = "memory", _("Out of memory")
        BROKER = "broker", _("The message broker was away")
        TIMEOUT = "timeout", _("It took too long")
        NO_FILE = "no_file", _("A file could not be read or written")
        UNKNOWN_KIND = "unknown_kind", _("No worker knows how")
        WORKER_DIED = "worker_died", _("Its workers died")
        OTHER = "other", _("An error of the program")

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
    """Of the last failure: the words of a refusal, else the technical text."""
    trouble = models.CharField(_("trouble"), max_length=16, choices=Trouble, blank=True)
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    stop_asked_at = models.DateTimeField(_("asked to stop at"), null=True)
    stop_asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    told_at = models.DateTimeField(_("told at"), null=True)
    """When the admins were sent the mail that it was given up."""

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
                condition=Q(state__in=["queued", "running", "done", "failed", "stopped"]),
                name="job_state_is_known",
            ),
        ]
        indexes = [
            models.Index(fields=["state", "not_before"], name="job_state_not_before"),
            models.Index(fields=["-finished_at", "-id"], name="job_newest_finished"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"

    @property
    def is_open(self) -> bool:
        """Whether it waits or runs."""
        return self.state in self.OPEN_STATES


class JobEvent(models.Model):
    """One thing that happened to a job: what became of each attempt, and what people did."""

    class What(models.TextChoices):
        ASKED = "asked", _("Asked for")
        ASKED_AGAIN = "asked_again", _("Asked for again while it ran")
        BEGUN = "begun", _("Begun")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")
        GIVEN_UP = "given_up", _("Given up")
        STOP_ASKED = "stop_asked", _("Asked to stop")
        STOPPED = "stopped", _("Stopped")
        PUT_BACK = "put_back", _("Put back in line")
        RETRIED = "retried", _("Started again by hand")

    job = models.ForeignKey(Job, models.CASCADE, related_name="events", verbose_name=_("job"))
    what = models.CharField(_("what"), max_length=12, choices=What)
    at = models.DateTimeField(_("at"))
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    """Who did it; none: the schedule, a worker or the sweep."""
    words = models.TextField(_("words"), blank=True)

    class Meta:
        verbose_name = _("job event")
        verbose_name_plural = _("job events")
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.what} {self.at:%Y-%m-%d %H:%M}"


class Sign(models.Model):
    """When a worker last began a task of the schedule, by the task's name.

    It only feeds the Jobs page ("last time", "nothing has been heard"); whether a job lives is told by its lock alone.
    """

    name = models.CharField(_("name"), max_length=200, unique=True)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("sign of life")
        verbose_name_plural = _("signs of life")

    def __str__(self) -> str:
        return f"{self.name} {self.at:%Y-%m-%d %H:%M}"
