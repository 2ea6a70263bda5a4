"""What leaves the house: the calendar feed, the morning digest, invitations (docs/domain.md, 5.4)."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import ContactPerson
from contacts.models.follow_ups import FollowUp


class CalendarFeed(models.Model):
    """One user's secret address for the calendar feed; making a new one revokes the old. Deleted: switched off.

    The secret itself is not kept, only its SHA-256: who reads the database cannot read the feeds.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="calendar_feed"
    )
    digest = models.CharField(max_length=64, unique=True)
    all_day = models.BooleanField(
        _("contacts without a time as all-day entries"),
        default=True,
        help_text=_("Else they follow each other from the beginning of the working day."),
    )
    created_at = models.DateTimeField(default=timezone.now)
    read_at = models.DateTimeField(null=True)
    """When a calendar last fetched it, to the hour."""

    def __str__(self) -> str:
        return str(self.user_id)


class Digest(models.Model):
    """One morning mail to one user: the row is made before it is sent, so that nobody gets it twice."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="digests")
    day = models.DateField()
    claimed_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    """None: it is being sent, there was nothing to say, or whoever sent it died."""

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "day"], name="one_digest_per_user_and_day")]

    def __str__(self) -> str:
        return f"{self.user_id} {self.day}"


class Invitation(models.Model):
    """The invitation to a booked follow-up that the customer's person has been sent; moved, it is sent again.

    sequence counts what was sent for it (RFC 5545): 0 for the first. cancelled_at: the person was told it is off.
    """

    follow_up = models.OneToOneField(FollowUp, models.CASCADE, primary_key=True, related_name="invitation")
    person = models.ForeignKey(ContactPerson, models.SET_NULL, null=True, related_name="+")
    email = models.EmailField()
    sequence = models.PositiveSmallIntegerField(default=0)
    day = models.DateField()
    time = models.TimeField()
    minutes = models.PositiveSmallIntegerField()
    sent_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    sent_at = models.DateTimeField()
    cancelled_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.follow_up_id} {self.email}"
