"""Tiers: the policy, the runs, what they found, and every change of tier (docs/domain.md, section 4)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from accounts.models import Account, Tier
from crm.look.words import Worded
from segmentation.policy_models import BackTest, BackTestQuarter, SimulatedAccount, Simulation
from segmentation.querysets import TierAssessmentQuerySet, TierChangeQuerySet
from segmentation.reason_models import Reason

__all__ = [
    "BackTest",
    "BackTestQuarter",
    "Reason",
    "SimulatedAccount",
    "Simulation",
    "TierAssessment",
    "TierChange",
    "TierPin",
    "TierPolicy",
    "TieringRun",
]

_SHARE = [MinValueValidator(Decimal(0)), MaxValueValidator(Decimal(1))]


class TierPolicy(models.Model):
    """One version of the thresholds by which tiers are computed. Never edited once a run used it; one is in force.

    Shares and weights are fractions of 1 with four decimals, so that they are whole basis points.
    """

    THRESHOLDS: ClassVar = (
        "window_months",
        "a_share",
        "b_share",
        "band",
        "a_min_active_quarters",
        "a_min_tenure_months",
        "newcomer_months",
        "b_min_active_quarters",
        "grace_days",
        "max_late_share",
        "potential_weight",
        "review_days",
    )

    version = models.PositiveIntegerField(_("version"), unique=True)
    in_force = models.BooleanField(_("in force"), default=False)
    starts_on = models.DateField(_("in force from"), null=True, blank=True)
    """From when it is or was in force; None: a draft, or the first version."""
    ended_on = models.DateField(null=True, blank=True)
    """The day another took its place."""
    run_at_start = models.BooleanField(_("tiers at once"), default=False)
    """Whether a run as of the day before follows when it is put in force, not only the quarter's."""
    window_months = models.PositiveSmallIntegerField(
        _("window in months"), default=12, validators=[MinValueValidator(1), MaxValueValidator(60)]
    )
    a_share = models.DecimalField(
        _("A ends at a share of"), max_digits=5, decimal_places=4, default=Decimal("0.8"), validators=_SHARE
    )
    b_share = models.DecimalField(
        _("B ends at a share of"), max_digits=5, decimal_places=4, default=Decimal("0.95"), validators=_SHARE
    )
    band = models.DecimalField(
        _("band"), max_digits=5, decimal_places=4, default=Decimal("0.02"), validators=_SHARE
    )
    a_min_active_quarters = models.PositiveSmallIntegerField(_("A: active quarters at least"), default=3)
    a_min_tenure_months = models.PositiveSmallIntegerField(_("A: customer for months at least"), default=24)
    newcomer_months = models.PositiveSmallIntegerField(_("newcomer for months"), default=12)
    b_min_active_quarters = models.PositiveSmallIntegerField(_("B: active quarters at least"), default=2)
    grace_days = models.PositiveSmallIntegerField(_("days of grace for payment"), default=7)
    max_late_share = models.DecimalField(
        _("share paid late at most"),
        max_digits=5,
        decimal_places=4,
        null=True,
        blank=True,
        validators=_SHARE,
        help_text=_("Empty: payment does not count."),
    )
    potential_weight = models.DecimalField(
        _("weight of potential"), max_digits=5, decimal_places=4, default=Decimal(0), validators=_SHARE
    )
    review_days = models.PositiveSmallIntegerField(_("days for review"), default=21)
    note = models.CharField(_("note"), max_length=200, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        SCHEDULED = "scheduled", _("To be put in force")
        IN_FORCE = "in_force", _("In force")
        PAST = "past", _("Past")

    class Meta:
        verbose_name = _("tier policy")
        verbose_name_plural = _("tier policies")
        ordering = ["-version"]
        constraints = [
            models.UniqueConstraint(
                fields=["in_force"], condition=Q(in_force=True), name="one_policy_in_force"
            ),
            models.CheckConstraint(
                condition=Q(b_share__gte=F("a_share")), name="policy_b_share_not_below_a_share"
            ),
        ]

    def __str__(self) -> str:
        return str(self.version)

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Refuse to change a threshold of a version that a run has used: its words would no longer fit its tiers."""
        if self.pk is not None and not kwargs.get("force_insert"):
            used = TierPolicy.objects.filter(pk=self.pk, runs__isnull=False).values(*self.THRESHOLDS).first()
            if used is not None and any(getattr(self, name) != value for name, value in used.items()):
                raise ValueError("A tier policy that a run used is never edited; make a new version.")
        super().save(*args, **kwargs)


class TieringRun(models.Model):
    """One computation of all tiers as of the end of a day. One per as-of day; it and its rows appear in one commit."""

    class State(models.TextChoices):
        IN_REVIEW = "in_review", _("In review")
        CLOSED = "closed", _("Closed")

    as_of = models.DateField(_("as of"), unique=True)
    policy = models.ForeignKey(TierPolicy, models.PROTECT, related_name="runs")
    state = models.CharField(_("state"), max_length=9, choices=State)
    started_at = models.DateTimeField(_("started at"))
    completed_at = models.DateTimeField(_("completed at"))
    review_until = models.DateField(_("review until"))
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        verbose_name = _("tiering run")
        verbose_name_plural = _("tiering runs")
        ordering = ["-as_of"]

    def __str__(self) -> str:
        return str(self.as_of)


class TierAssessment(models.Model):
    """What one run found about one account: the evidence of docs/domain.md 4.1, the trail of 4.2, and the tier.

    Money is in cents of the base currency. Quotients are kept as numerator and denominator, so that they stay exact:
    preceding_share = preceding_cents / ranked_cents (None where not ranked), mean_gap_days = gap_days / gap_count
    (None where fewer than 3 purchase days), late_share = late_cents / due_cents (None where nothing was due).

    run and account have no constraint in the database: PostgreSQL checks foreign keys row by row, which took a fifth of
    the whole run. The one statement that writes these rows takes the ids from the rows themselves, and deleting an
    account or a run through its model takes its assessments along.

    Nor is there an index by account alone: there are as few runs as quarters, so ask for an account joined with them.
    Every index of this table costs a twelfth of the whole run.
    """

    run = models.ForeignKey(
        TieringRun, models.CASCADE, related_name="assessments", db_index=False, db_constraint=False
    )
    account = models.ForeignKey(
        Account, models.CASCADE, related_name="assessments", db_index=False, db_constraint=False
    )
    revenue_cents = models.BigIntegerField()
    previous_revenue_cents = models.BigIntegerField()
    value_cents = models.BigIntegerField()
    preceding_cents = models.BigIntegerField(null=True)
    ranked_cents = models.BigIntegerField(null=True)
    active_quarters = models.PositiveIntegerField()
    orders = models.PositiveIntegerField()
    tenure_months = models.IntegerField(null=True)
    days_since_purchase = models.IntegerField(null=True)
    gap_days = models.IntegerField(null=True)
    gap_count = models.IntegerField(null=True)
    late_cents = models.BigIntegerField(null=True)
    due_cents = models.BigIntegerField(null=True)
    contact_minutes = models.IntegerField()
    complaints = models.IntegerField()
    previous_tier = models.CharField(max_length=1, choices=Tier, null=True)
    """The account's tier when the run read it; None also for a provisional one."""
    tier = models.CharField(max_length=1, choices=Tier, null=True)
    trail = models.CharField(max_length=120, blank=True)

    objects = TierAssessmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("tier assessment")
        verbose_name_plural = _("tier assessments")
        ordering = ["run", "account"]
        constraints = [
            models.UniqueConstraint(fields=["run", "account"], name="one_assessment_per_run_and_account")
        ]

    def __str__(self) -> str:
        return f"{self.run_id}/{self.account_id}: {self.tier}"


class TierPin(models.Model):
    """A manager's decision that an account has this tier from a day until a day, both inclusive.

    Pins of one account never overlap: an exclusion constraint on PostgreSQL, a trigger on SQLite (migrations).
    """

    account = models.ForeignKey(Account, models.CASCADE, related_name="tier_pins", verbose_name=_("account"))
    tier = models.CharField(_("tier"), max_length=1, choices=Tier)
    first_day = models.DateField(_("from"))
    last_day = models.DateField(_("until"))
    reason = models.CharField(_("reason"), max_length=200)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("pin")
        verbose_name_plural = _("pins")
        ordering = ["-first_day"]
        constraints = [
            models.CheckConstraint(
                condition=Q(last_day__gte=F("first_day")), name="pin_ends_after_it_starts"
            ),
            models.CheckConstraint(condition=Q(tier__in=Tier.values), name="pin_tier_is_known"),
        ]

    def __str__(self) -> str:
        return f"{self.tier} {self.first_day} – {self.last_day}"


class TierChange(Worded, models.Model):
    """One step in the history of an account's tier, proposed or done: the only history of tiers, kept for ever.

    from_tier and to_tier are None for "no tier". A proposal's to_tier is what the run found; an override sets it to
    what the manager chose and keeps the finding in proposed_tier. applied_on: the day the account's tier followed,
    None for a proposal that is open, rejected or overtaken. run is None for provisional tiers and pins.
    """

    class State(models.TextChoices):
        PROPOSED = "proposed", _("Proposed")
        APPLIED = "applied", _("Applied at once")
        ACCEPTED = "accepted", _("Accepted")
        REJECTED = "rejected", _("Rejected")
        OVERRIDDEN = "overridden", _("Overridden")
        AUTOMATIC = "automatic", _("Applied undecided")
        OVERTAKEN = "overtaken", _("Overtaken")
        PROVISIONAL = "provisional", _("Provisional")
        PIN = "pin", _("Pinned")

    MADE_BY_JOBS: ClassVar = Q(state="provisional")
    """A newcomer's tier: undoing the import that brought the newcomer takes it along."""

    account = models.ForeignKey(
        Account, models.CASCADE, related_name="tier_changes", verbose_name=_("account")
    )
    run = models.ForeignKey(
        TieringRun, models.PROTECT, null=True, blank=True, related_name="changes", db_index=False
    )
    pin = models.ForeignKey(
        TierPin, models.PROTECT, null=True, blank=True, related_name="changes", db_index=False
    )
    state = models.CharField(_("state"), max_length=11, choices=State)
    from_tier = models.CharField(_("from"), max_length=1, choices=Tier, null=True)
    to_tier = models.CharField(_("to"), max_length=1, choices=Tier, null=True)
    proposed_tier = models.CharField(_("proposed"), max_length=1, choices=Tier, null=True)
    reason = models.CharField(_("reason"), max_length=20, blank=True)
    """The code of a Reason; "" where nobody gave one. Reason's docstring says why there is no foreign key."""
    reason_words: str = ""
    """What the reason is called, where whoever read the change has filled it in; not stored."""
    note = models.TextField(_("note"), blank=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    from_since = models.DateField(null=True, blank=True)
    """Since when the account had had from_tier: with applied_on the period of that tier, and what undo restores."""
    revenue_cents = models.BigIntegerField(_("at stake"), default=0)
    """Revenue of the window as the run found it, in cents: what is at stake. 0 without a run."""
    complaints = models.PositiveIntegerField(_("complaints"), default=0)
    """Opened in the window. Both stand here as well as in the assessment, so that thousands add up without it."""
    proposed_at = models.DateTimeField(_("proposed at"))
    decided_at = models.DateTimeField(_("decided at"), null=True, blank=True)
    applied_on = models.DateField(_("applied on"), null=True, blank=True)

    history = HistoricalRecords()
    objects = TierChangeQuerySet.as_manager()

    class Meta:
        verbose_name = _("tier change")
        verbose_name_plural = _("tier changes")
        ordering = ["-proposed_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["run", "account"], condition=~Q(state="pin"), name="one_change_per_run_and_account"
            ),
            models.UniqueConstraint(
                fields=["account"], condition=Q(state="proposed"), name="one_open_proposal_per_account"
            ),
            models.CheckConstraint(
                condition=Q(state="proposed", decided_at__isnull=True)
                | (~Q(state="proposed") & Q(decided_at__isnull=False)),
                name="change_decided_at_when_decided",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["accepted", "rejected", "overridden"]) | Q(actor__isnull=False),
                name="a_decision_has_an_actor",
            ),
        ]
        # A run writes thousands of rows, nearly all without pin, actor and reason: they stay out of these indexes.
        indexes = [
            models.Index(fields=["run", "state"], name="tier_change_run_state"),
            models.Index(fields=["pin"], condition=Q(pin__isnull=False), name="tier_change_pin"),
            models.Index(fields=["actor"], condition=Q(actor__isnull=False), name="tier_change_actor"),
            models.Index(fields=["reason"], condition=~Q(reason=""), name="tier_change_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.from_tier or '–'} → {self.to_tier or '–'}"


class TierComment(models.Model):
    """What somebody who sees the account says of a proposal before it is decided; the decision is not theirs (4.4)."""

    change = models.ForeignKey(TierChange, models.CASCADE, related_name="comments")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    words = models.CharField(_("what you know"), max_length=500)
    asked_tier = models.CharField(_("tier asked for"), max_length=1, choices=Tier, null=True, blank=True)
    """The tier they ask for instead; None: they only say something."""
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("comment on a tier change")
        verbose_name_plural = _("comments on tier changes")
        ordering = ["created_at", "id"]

    def __str__(self) -> str:
        return f"{self.author}: {self.words[:40]}"
