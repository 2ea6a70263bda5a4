"""What planning notes for itself (docs/domain.md, 5.2 and 5.3)."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, Channel
from contacts.models.rules import ContactRule


class CadenceStart(models.Model):
    """The day on which a cadence first governed an account on a channel: where the spreading counts from (5.2).

    The account has no constraint in the database, for the reason that PlannedAccount gives.
    """

    MADE_BY_JOBS: ClassVar = Q(pk__isnull=False)
    """All of them: undoing an import takes them along (accounts.importing.undo_finding)."""

    account = models.ForeignKey(
        Account, models.CASCADE, related_name="cadence_starts", db_index=False, db_constraint=False
    )
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

    The account has no constraint in the database: PostgreSQL checks foreign keys row by row, and those of planning's
    two kinds of notes were a third of what it checked in a pass. Planning takes the ids from the accounts it reads in
    the same transaction, and deleting an account through its model takes its notes along. One deleted at that very
    moment may leave a note behind, which nothing finds: notes are read from their accounts, and ids never return.
    """

    MADE_BY_JOBS: ClassVar = Q(pk__isnull=False)
    """All of them: undoing an import takes them along."""

    account = models.OneToOneField(
        Account, models.CASCADE, primary_key=True, related_name="planned", db_constraint=False
    )
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


class UnmetRule(models.Model):
    """A cadence that the customer's wishes make impossible, or thinner than the rule asks: listed for the owner (5.2).

    Written by planning alone, one row for each account and channel that has one.
    """

    class Why(models.TextChoices):
        FORBIDDEN = "forbidden", _("They do not want this channel")
        TOO_MANY = "too_many", _("They want fewer contacts")
        NO_DAY = "no_day", _("No day that suits them is a working day")

    MADE_BY_JOBS: ClassVar = Q(pk__isnull=False)
    """All of them: undoing an import takes them along."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="unmet_rules", db_index=False)
    channel = models.CharField(max_length=10, choices=Channel)
    rule = models.ForeignKey(ContactRule, models.CASCADE, related_name="+")
    why = models.CharField(max_length=10, choices=Why)
    since = models.DateField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "channel"], name="one_unmet_rule_per_channel")
        ]

    def __str__(self) -> str:
        return f"{self.account_id} {self.channel}: {self.why}"
