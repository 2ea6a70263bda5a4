"""What customers say went wrong (docs/domain.md, section 6)."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, Purchase
from complaints.querysets import ComplaintQuerySet
from crm.look.words import Worded


class Complaint(Worded, models.Model):
    """One complaint of an account. Open while `closed_on` is None."""

    class Category(models.TextChoices):
        NOT_AS_ORDERED = "not_as_ordered", _("Not what was ordered")
        QUALITY = "quality", _("Quality below promise")
        LATE_DELIVERY = "late_delivery", _("Late delivery")
        PROMISE_NOT_KEPT = "promise_not_kept", _("Promise not kept")
        LACKS_FEATURE = "lacks_feature", _("Lacks what the customer believed it had")
        OTHER = "other", _("Other")

    account = models.ForeignKey(Account, models.CASCADE, related_name="complaints", db_index=False)
    purchase = models.ForeignKey(Purchase, models.SET_NULL, null=True, blank=True, related_name="complaints")
    number = models.CharField(_("number"), max_length=20, unique=True)
    category = models.CharField(_("category"), max_length=16, choices=Category)
    words = models.TextField(_("what the customer says"))
    opened_on = models.DateField(_("opened"))
    closed_on = models.DateField(_("closed"), null=True, blank=True)
    taken_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )

    objects = ComplaintQuerySet.as_manager()

    class Meta:
        verbose_name = _("complaint")
        verbose_name_plural = _("complaints")
        ordering = ["-opened_on", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(closed_on__isnull=True) | Q(closed_on__gte=F("opened_on")),
                name="complaint_closed_after_it_opened",
            )
        ]
        indexes = [models.Index(fields=["account", "opened_on"], name="complaint_of_account")]

    def __str__(self) -> str:
        return self.number
