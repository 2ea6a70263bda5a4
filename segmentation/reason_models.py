"""The reasons that managers choose from when they decide a tier change (docs/domain.md, 4.4), kept by admins."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from crm.look.words import Worded


class Reason(Worded, models.Model):
    """One reason why a customer changes tier. The code is for ever; name, place, direction and use may change.

    `TierChange.reason` holds the code as a text without a foreign key. "" says that nobody gave one, which is so for
    nearly all rows of a run, and PostgreSQL would look each of them up at the commit. What makes that safe: no reason
    is ever deleted, no code ever changed, and `review` takes only codes that stand here.
    """

    class Offered(models.TextChoices):
        BOTH = "both", _("Up and down")
        FELL = "fell", _("Down only")
        ROSE = "rose", _("Up only")

    code = models.SlugField(_("code"), max_length=20, primary_key=True)
    name = models.CharField(_("name"), max_length=60, unique=True)
    position = models.PositiveSmallIntegerField(_("position"), default=100)
    active = models.BooleanField(_("in use"), default=True)
    """What is out of use cannot be chosen, and stays in the past."""
    offered = models.CharField(_("offered for"), max_length=4, choices=Offered, default=Offered.BOTH)
    """Where the customer would go by the proposal. Reasons of the other direction are behind "More reasons"."""

    class Meta:
        verbose_name = _("reason of a tier change")
        verbose_name_plural = _("reasons of tier changes")
        ordering = ["position", "code"]

    def __str__(self) -> str:
        """The name; one that the product came with in the reader's language, for as long as nobody renames it."""
        return gettext(self.name)
