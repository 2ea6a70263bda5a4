"""The policy, what it advised, and what people decided: kept, so that the policy itself can be judged."""

from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from complaints.models.complaint import Complaint
from crm.look.words import Worded


class ComplaintPolicy(models.Model):
    """One version of what decisions are advised by: cents and counts. Never edited once it advised; one is in force."""

    TERMS: ClassVar = (
        "auto_accept_cents",
        "frequent_count",
        "frequent_months",
        "second_person_cents",
        "similar_months",
        "contact_after_days",
    )

    version = models.PositiveIntegerField(_("version"), unique=True)
    in_force = models.BooleanField(_("in force"), default=False)
    auto_accept_cents = models.PositiveBigIntegerField(_("advise to accept claims up to"), default=10_000)
    frequent_count = models.PositiveSmallIntegerField(
        _("frequent: complaints at least"),
        default=4,
        validators=[MinValueValidator(2)],
        help_text=_("This one counts too."),
    )
    frequent_months = models.PositiveSmallIntegerField(
        _("frequent: within months"), default=12, validators=[MinValueValidator(1), MaxValueValidator(60)]
    )
    second_person_cents = models.PositiveBigIntegerField(
        _("a second person approves amounts above"), default=100_000
    )
    similar_months = models.PositiveSmallIntegerField(
        _("similar complaints of the last months"),
        default=12,
        validators=[MinValueValidator(1), MaxValueValidator(60)],
    )
    contact_after_days = models.PositiveSmallIntegerField(
        _("contact after closing, working days"), default=5, validators=[MaxValueValidator(60)]
    )
    note = models.CharField(_("note"), max_length=200, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        verbose_name = _("complaint policy")
        verbose_name_plural = _("complaint policies")
        ordering = ["-version"]
        constraints = [
            models.UniqueConstraint(
                fields=["in_force"], condition=Q(in_force=True), name="one_complaint_policy_in_force"
            )
        ]

    def __str__(self) -> str:
        return str(self.version)

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Refuse to change a term of a version that has advised: its grounds would no longer be true."""
        if self.pk is not None and not kwargs.get("force_insert"):
            used = (
                ComplaintPolicy.objects.filter(pk=self.pk, advices__isnull=False).values(*self.TERMS).first()
            )
            if used is not None and any(getattr(self, name) != value for name, value in used.items()):
                raise ValueError("A complaint policy that has advised is never edited; make a new version.")
        super().save(*args, **kwargs)


class Advice(Worded, models.Model):
    """What the policy advised when a complaint was decided, with its grounds (`complaints.advice` has their form)."""

    class Advised(models.TextChoices):
        ACCEPT = "accept", _("Accept")
        MANAGER = "manager", _("The manager decides")
        WEIGH = "weigh", _("Decide on its merits")

    complaint = models.ForeignKey(Complaint, models.CASCADE, related_name="advices")
    policy = models.ForeignKey(ComplaintPolicy, models.PROTECT, related_name="advices")
    advised = models.CharField(max_length=7, choices=Advised)
    grounds = models.JSONField()
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("advice")
        verbose_name_plural = _("advices")
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.advised


class Decision(Worded, models.Model):
    """What one person decided of a complaint, after which advice, and what a second person said to it."""

    Outcome = Complaint.Outcome

    class Approval(models.TextChoices):
        NOT_NEEDED = "not_needed", _("not needed")
        PENDING = "pending", _("waits for a second person")
        APPROVED = "approved", _("approved")
        REFUSED = "refused", _("refused")

    complaint = models.ForeignKey(Complaint, models.CASCADE, related_name="decisions")
    advice = models.ForeignKey(Advice, models.RESTRICT, related_name="decisions")
    outcome = models.CharField(_("decision"), max_length=8, choices=Complaint.Outcome)
    amount_cents = models.BigIntegerField(_("amount"), default=0)
    reason = models.TextField(_("reason"), blank=True)
    against_advice = models.BooleanField(default=False)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    decided_at = models.DateTimeField()
    approval = models.CharField(_("approval"), max_length=10, choices=Approval, default=Approval.NOT_NEEDED)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    """Who approved or refused it."""
    approved_at = models.DateTimeField(null=True, blank=True)
    approval_note = models.TextField(blank=True)

    class Meta:
        verbose_name = _("decision")
        verbose_name_plural = _("decisions")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["complaint"], condition=Q(approval="pending"), name="one_decision_waits_per_complaint"
            ),
            models.CheckConstraint(
                condition=Q(approved_by__isnull=True) | ~Q(approved_by=F("decided_by")),
                name="nobody_approves_own_decision",
            ),
            models.CheckConstraint(condition=Q(amount_cents__gte=0), name="decision_amount_not_negative"),
            models.CheckConstraint(
                condition=~Q(outcome="rejected") | (Q(amount_cents=0) & ~Q(reason="")),
                name="rejection_has_a_reason_and_no_amount",
            ),
            models.CheckConstraint(
                condition=Q(approval__in=["not_needed", "pending"], approved_by__isnull=True)
                | Q(approval__in=["approved", "refused"], approved_by__isnull=False),
                name="approval_has_somebody",
            ),
        ]

    def __str__(self) -> str:
        return self.outcome
