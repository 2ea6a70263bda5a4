"""What customers ask of our contacts with them: it wins over every rule (docs/domain.md, 5.2)."""

from __future__ import annotations

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from accounts.models import Account, ContactPerson


class ContactWish(models.Model):
    """What one customer, or one person there, asks of our contacts. Whatever is empty asks for nothing.

    person None: it holds for the whole account; a person's wish holds for contacts with that person. Channels are
    lists of `Channel` values. weekdays: the ISO digits of the days on which they may be contacted, "" for any.
    from_time and until_time: between which local hours. A slot is a fixed time: slot_week 1 to 4 is the nth such
    weekday of the month, -1 the last, 0 every week. at_most contacts of ours in any per_days days.
    """

    account = models.ForeignKey(
        Account, models.CASCADE, related_name="contact_wishes", verbose_name=_("account")
    )
    person = models.OneToOneField(
        ContactPerson,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="contact_wish",
        verbose_name=_("contact person"),
    )
    preferred_channels = models.JSONField(_("preferred channels"), default=list, blank=True)
    forbidden_channels = models.JSONField(_("channels not to use"), default=list, blank=True)
    weekdays = models.CharField(_("on these days"), max_length=7, blank=True)
    from_time = models.TimeField(_("from"), null=True, blank=True)
    until_time = models.TimeField(_("until"), null=True, blank=True)
    slot_week = models.SmallIntegerField(
        _("which week"), null=True, blank=True, validators=[MinValueValidator(-1), MaxValueValidator(4)]
    )
    slot_weekday = models.PositiveSmallIntegerField(
        _("weekday"), null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(7)]
    )
    slot_time = models.TimeField(_("time"), null=True, blank=True)
    at_most = models.PositiveSmallIntegerField(_("at most, contacts"), null=True, blank=True)
    per_days = models.PositiveSmallIntegerField(
        _("in so many days"), null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(366)]
    )
    note = models.CharField(_("in their words"), max_length=300, blank=True)
    written_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    written_at = models.DateTimeField(default=timezone.now)

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("contact wish")
        verbose_name_plural = _("contact wishes")
        constraints = [
            models.UniqueConstraint(
                fields=["account"], condition=Q(person__isnull=True), name="one_contact_wish_per_account"
            ),
            models.CheckConstraint(
                condition=Q(slot_week__isnull=True, slot_weekday__isnull=True)
                | Q(slot_week__isnull=False, slot_weekday__isnull=False),
                name="contact_wish_slot_is_whole",
            ),
            models.CheckConstraint(
                condition=Q(slot_time__isnull=True) | Q(slot_weekday__isnull=False),
                name="contact_wish_slot_time_has_a_day",
            ),
            models.CheckConstraint(
                condition=Q(at_most__isnull=True, per_days__isnull=True)
                | Q(at_most__isnull=False, per_days__isnull=False),
                name="contact_wish_most_has_a_period",
            ),
            models.CheckConstraint(
                condition=Q(from_time__isnull=True)
                | Q(until_time__isnull=True)
                | Q(from_time__lt=F("until_time")),
                name="contact_wish_hours_are_in_order",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account_id} {self.person_id or ''}".strip()


class BackOffLift(models.Model):
    """A person's word that the cadences of an account go on as the rules say: what lies before `at` slows them no more.

    Back-off and the pause after an unwelcome contact are reckoned from the touchpoints (docs/domain.md, 5.2); a lift is
    the moment from which they are looked at.
    """

    account = models.ForeignKey(Account, models.CASCADE, related_name="back_off_lifts")
    at = models.DateTimeField()
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    note = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["at"], name="back_off_lift_at")]

    def __str__(self) -> str:
        return f"{self.account_id} {self.at}"
