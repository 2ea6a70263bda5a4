"""What is found out about a policy before it is put in force: its simulation and its back-test (docs/domain.md, 4.4).

Nothing else reads these rows, and each is replaced when it is reckoned anew.
"""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, Tier
from segmentation.querysets import SimulatedAccountQuerySet


class Simulation(models.Model):
    """What a run as of `as_of` with the policy would find, beside one with the policy in force. One for each policy.

    thresholds: those it was reckoned with, as JSON; a draft may have others by now. found: the figures of the page
    (segmentation.simulation), JSON.
    """

    policy = models.OneToOneField("segmentation.TierPolicy", models.CASCADE, related_name="simulation")
    against = models.ForeignKey("segmentation.TierPolicy", models.CASCADE, related_name="+")
    """The policy in force when it was reckoned."""
    as_of = models.DateField(_("as of"))
    made_on = models.DateField()
    """The company's day on which the run was imagined to be made."""
    made_at = models.DateTimeField()
    thresholds = models.JSONField()
    found = models.JSONField()

    class Meta:
        verbose_name = _("simulation")
        verbose_name_plural = _("simulations")

    def __str__(self) -> str:
        return f"{self.policy_id}: {self.as_of}"


class SimulatedAccount(models.Model):
    """An account that would move by either policy, or that the band would hold back. previous_tier: as a run reads it.

    Money in cents. Quotients as in TierAssessment. in_force_tier, in_force_trail: by the policy in force.
    """

    MADE_BY_JOBS: ClassVar = Q(pk__isnull=False)

    simulation = models.ForeignKey(
        Simulation, models.CASCADE, related_name="accounts", db_index=False, db_constraint=False
    )
    account = models.ForeignKey(Account, models.CASCADE, related_name="+", db_constraint=False)
    previous_tier = models.CharField(max_length=1, choices=Tier, null=True)
    tier = models.CharField(max_length=1, choices=Tier, null=True)
    in_force_tier = models.CharField(max_length=1, choices=Tier, null=True)
    held = models.BooleanField()
    """The band keeps the tier that the account has."""
    trail = models.CharField(max_length=120, blank=True)
    in_force_trail = models.CharField(max_length=120, blank=True)
    revenue_cents = models.BigIntegerField()
    previous_revenue_cents = models.BigIntegerField()
    preceding_cents = models.BigIntegerField(null=True)
    ranked_cents = models.BigIntegerField(null=True)

    objects = SimulatedAccountQuerySet.as_manager()

    class Meta:
        verbose_name = _("simulated account")
        verbose_name_plural = _("simulated accounts")
        constraints = [
            models.UniqueConstraint(
                fields=["simulation", "account"], name="one_row_per_simulation_and_account"
            )
        ]

    def __str__(self) -> str:
        return f"{self.account_id}: {self.previous_tier} → {self.tier}"


class BackTest(models.Model):
    """The policy tried on the quarters up to `until`, beside others. One for each policy."""

    policy = models.OneToOneField("segmentation.TierPolicy", models.CASCADE, related_name="back_test")
    against = models.ForeignKey("segmentation.TierPolicy", models.CASCADE, related_name="+")
    """The policy in force when it was made."""
    until = models.DateField()
    """The last day of the last quarter whose sales were looked at."""
    made_at = models.DateTimeField()
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    thresholds = models.JSONField()

    class Meta:
        verbose_name = _("back-test")
        verbose_name_plural = _("back-tests")

    def __str__(self) -> str:
        return f"{self.policy_id}: {self.until}"


class BackTestQuarter(models.Model):
    """What one of the compared ways found as of the end of one quarter, and what the quarter after it brought.

    flips: accounts whose tier differs from the quarter before (both have one); flips_back: those of them that returned
    to the tier they had before their last change. Sales in cents, of the quarter that follows `as_of`.
    """

    class Way(models.TextChoices):
        TESTED = "tested", _("This policy")
        IN_FORCE = "in_force", _("In force")
        PLAIN = "plain", _("Plain ABC")

    back_test = models.ForeignKey(BackTest, models.CASCADE, related_name="quarters", db_index=False)
    way = models.CharField(max_length=8, choices=Way)
    as_of = models.DateField()
    a_accounts = models.PositiveIntegerField()
    b_accounts = models.PositiveIntegerField()
    c_accounts = models.PositiveIntegerField()
    flips = models.PositiveIntegerField()
    flips_back = models.PositiveIntegerField()
    sales_cents = models.BigIntegerField()
    a_sales_cents = models.BigIntegerField()

    class Meta:
        verbose_name = _("quarter of a back-test")
        verbose_name_plural = _("quarters of back-tests")
        ordering = ["as_of", "id"]
        constraints = [
            models.UniqueConstraint(fields=["back_test", "way", "as_of"], name="one_row_per_way_and_quarter")
        ]

    def __str__(self) -> str:
        return f"{self.way} {self.as_of}"
