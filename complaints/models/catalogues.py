"""What an admin maintains: categories, root causes, service levels."""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Tier
from crm.look.words import Worded

MOST_MINUTES = 60_000
"""More working minutes than half a year has: what is longer is no service level."""
_MINUTES = [MinValueValidator(1), MaxValueValidator(MOST_MINUTES)]


class Kind(models.TextChoices):
    """What the customer came with."""

    COMPLAINT = "complaint", _("Complaint")
    QUESTION = "question", _("Question")


class ComplaintCategory(Worded, models.Model):
    """One category of complaints, or of questions. The code is for ever, the name may be changed."""

    code = models.SlugField(_("code"), max_length=16, primary_key=True)
    name = models.CharField(_("name"), max_length=80, unique=True)
    kind = models.CharField(_("kind"), max_length=9, choices=Kind, default=Kind.COMPLAINT)
    position = models.PositiveSmallIntegerField(_("position"), default=100)
    active = models.BooleanField(
        _("in use"),
        default=True,
        help_text=_("What is no longer in use cannot be chosen, and stays in the past."),
    )

    class Meta:
        verbose_name = _("complaint category")
        verbose_name_plural = _("complaint categories")
        ordering = ["kind", "position", "name"]

    def __str__(self) -> str:
        return self.name


class RootCause(models.Model):
    """One reason why things go wrong, named when a complaint is resolved."""

    code = models.SlugField(_("code"), max_length=24, primary_key=True)
    name = models.CharField(_("name"), max_length=80, unique=True)
    product_fault = models.BooleanField(
        _("fault of a product or batch"),
        default=False,
        help_text=_("Then the other accounts that bought it are listed, to be told before they complain."),
    )
    position = models.PositiveSmallIntegerField(_("position"), default=100)
    active = models.BooleanField(_("in use"), default=True)

    class Meta:
        verbose_name = _("root cause")
        verbose_name_plural = _("root causes")
        ordering = ["position", "name"]

    def __str__(self) -> str:
        return self.name


class ServiceLevel(Worded, models.Model):
    """How many working minutes we take at most, by tier ("" for every one) and category (None for every one).

    Of those that match, the one that names both wins, then the category's, then the tier's, then the one for all.
    """

    tier = models.CharField(
        _("tier"), max_length=1, choices=Tier, blank=True, help_text=_("Empty: every tier, and none.")
    )
    category = models.ForeignKey(
        ComplaintCategory,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="levels",
        verbose_name=_("category"),
        help_text=_("Empty: every category."),
    )
    response_minutes = models.PositiveIntegerField(_("first response, working minutes"), validators=_MINUTES)
    resolution_minutes = models.PositiveIntegerField(_("resolution, working minutes"), validators=_MINUTES)

    class Meta:
        verbose_name = _("service level")
        verbose_name_plural = _("service levels")
        ordering = ["category", "tier"]
        constraints = [
            models.UniqueConstraint(fields=["tier", "category"], name="one_level_per_tier_and_category"),
            models.UniqueConstraint(
                fields=["tier"], condition=Q(category__isnull=True), name="one_level_per_tier"
            ),
            models.CheckConstraint(
                condition=Q(response_minutes__gt=0, resolution_minutes__gte=F("response_minutes")),
                name="level_responds_before_it_resolves",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.category or '*'}, {self.tier or '*'}"
