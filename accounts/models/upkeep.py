"""What keeps the customers in order: duplicates brought together, many accounts changed at once (docs/domain.md, 9)."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models.customers import Account, ContactPerson


class Merge(models.Model):
    """Two rows that turned out to be one customer, or one person, brought together: what moved, and what changed.

    steps: in the order they were done, each as `accounts.merging.moving` wrote it; read backwards it is the undo.
    The persons are None where accounts were merged; for persons both accounts are theirs.
    """

    kept_account = models.ForeignKey(Account, models.CASCADE, related_name="+")
    merged_account = models.ForeignKey(Account, models.CASCADE, related_name="merges")
    kept_person = models.ForeignKey(ContactPerson, models.CASCADE, null=True, related_name="+")
    merged_person = models.ForeignKey(ContactPerson, models.CASCADE, null=True, related_name="merges")
    steps = models.JSONField(default=list)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(_("at"))
    undone_at = models.DateTimeField(_("undone at"), null=True, blank=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        verbose_name = _("merge")
        verbose_name_plural = _("merges")
        ordering = ["-at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kept_person__isnull=True, merged_person__isnull=True)
                | Q(kept_person__isnull=False, merged_person__isnull=False),
                name="merge_is_of_accounts_or_persons",
            ),
            models.UniqueConstraint(
                fields=["merged_account"],
                condition=Q(undone_at__isnull=True, merged_person__isnull=True),
                name="one_merge_per_merged_account",
            ),
            models.UniqueConstraint(
                fields=["merged_person"],
                condition=Q(undone_at__isnull=True),
                name="one_merge_per_merged_person",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.merged_person_id or self.merged_account_id} → {self.kept_person_id or self.kept_account_id}"


class Dismissal(models.Model):
    """What some accounts share by accident: somebody looked, and they are not one customer.

    Where more of them share it later than did then, they are offered again.
    """

    kind = models.CharField(_("what they share"), max_length=8)
    """As `accounts.merging.candidates` names it."""
    shared = models.CharField(_("shared"), max_length=400)
    number = models.PositiveIntegerField(_("accounts"))
    """So many shared it, of those that the user might edit; 0 where the dismissal was taken back."""
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("dismissed likeness")
        verbose_name_plural = _("dismissed likenesses")
        ordering = ["-at", "-id"]
        constraints = [models.UniqueConstraint(fields=["kind", "shared"], name="one_dismissal_per_likeness")]

    def __str__(self) -> str:
        return f"{self.kind}: {self.shared}"


class BulkAct(models.Model):
    """One act on many accounts at once. `before` is what undoes it, `value` what was set.

    owner, archive, restore: before is {"<old value, empty for none>": [account ids]}, value the new owner's id or
    None, or the moment of archiving. The others: before is {"": [ids]}, the accounts that had not the tag or colleague
    (or had, for removals), value the id of the tag or colleague.
    """

    class Kind(models.TextChoices):
        OWNER = "owner", _("Change the owner")
        TEAM_ADD = "team_add", _("Add to the account team")
        TEAM_REMOVE = "team_remove", _("Take off the account team")
        TAG_ADD = "tag_add", _("Add a tag")
        TAG_REMOVE = "tag_remove", _("Remove a tag")
        ARCHIVE = "archive", _("Archive")
        RESTORE = "restore", _("Bring back from the archive")

    kind = models.CharField(_("kind"), max_length=12, choices=Kind)
    value = models.JSONField(null=True)
    before = models.JSONField(default=dict)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(_("at"))
    undone_at = models.DateTimeField(_("undone at"), null=True, blank=True)

    class Meta:
        verbose_name = _("bulk act")
        verbose_name_plural = _("bulk acts")
        ordering = ["-at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    kind__in=[
                        "owner",
                        "team_add",
                        "team_remove",
                        "tag_add",
                        "tag_remove",
                        "archive",
                        "restore",
                    ]
                ),
                name="bulk_act_kind_is_known",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.at}"
