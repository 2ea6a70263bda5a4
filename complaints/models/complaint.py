"""A complaint or question, the history of its states, what was said of it, and what hangs on it."""

from __future__ import annotations

import secrets
import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, Channel, ContactPerson, Product, Purchase, PurchaseLine
from complaints.models.catalogues import ComplaintCategory, Kind, RootCause
from complaints.querysets import AttachmentQuerySet, ComplaintQuerySet
from crm.look.words import Worded


class State(models.TextChoices):
    """Where a complaint stands. `complaints.workflow` is the one door from one to another."""

    NEW = "new", _("New")
    ACKNOWLEDGED = "acknowledged", _("Acknowledged")
    IN_PROGRESS = "in_progress", _("In progress")
    WAITING = "waiting", _("Waiting for customer")
    DECIDED = "decided", _("Decided")
    RESOLVED = "resolved", _("Resolved")
    CLOSED = "closed", _("Closed")
    REOPENED = "reopened", _("Reopened")


class Complaint(Worded, models.Model):
    """One complaint or question of an account. Open until it is closed: `closed_on` is None.

    `opened_on` and `closed_on` are local days of the company. Money is in cents of the base currency; None: not said.
    Everything under "the clock" is reckoned by `complaints.clock` from the steps, written by nobody else.
    """

    Kind = Kind
    State = State

    class Outcome(models.TextChoices):
        """What was decided of a complaint."""

        ACCEPTED = "accepted", _("Accepted")
        IN_PART = "in_part", _("Accepted in part")
        GOODWILL = "goodwill", _("Goodwill")
        REJECTED = "rejected", _("Rejected")

    class Resolution(models.TextChoices):
        """What the customer got."""

        REPLACEMENT = "replacement", _("Replacement")
        REPAIR = "repair", _("Repair")
        CREDIT = "credit", _("Credit")
        REFUND = "refund", _("Refund")
        EXPLANATION = "explanation", _("Explanation")
        APOLOGY = "apology", _("Apology")

    class Solved(models.TextChoices):
        """What the customer said to "was it solved?"."""

        YES = "yes", _("Solved")
        PARTLY = "partly", _("Solved in part")
        NO = "no", _("Not solved")

    account = models.ForeignKey(Account, models.CASCADE, related_name="complaints", db_index=False)
    person = models.ForeignKey(
        ContactPerson,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="complaints",
        verbose_name=_("who complained"),
    )
    purchase = models.ForeignKey(Purchase, models.SET_NULL, null=True, blank=True, related_name="complaints")
    lines: models.ManyToManyField[PurchaseLine, PurchaseLine] = models.ManyToManyField(
        PurchaseLine, blank=True, related_name="+", verbose_name=_("purchase lines")
    )
    product = models.ForeignKey(
        Product, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("product")
    )
    batch = models.CharField(_("batch"), max_length=60, blank=True)
    uuid = models.UUIDField(unique=True, null=True, blank=True, editable=False)
    """The identity of the form by which it was filed: a second submit files nothing twice. None: by no form."""
    number = models.CharField(_("number"), max_length=20, unique=True)
    kind = models.CharField(_("kind"), max_length=9, choices=Kind, default=Kind.COMPLAINT)
    category = models.ForeignKey(
        ComplaintCategory, models.PROTECT, related_name="complaints", verbose_name=_("category")
    )
    subject = models.CharField(_("subject"), max_length=160, blank=True)
    words = models.TextField(_("what the customer says"))
    wanted = models.TextField(_("what the customer wants"), blank=True)
    channel = models.CharField(_("how it came"), max_length=10, choices=Channel, blank=True)
    claim_cents = models.BigIntegerField(_("claim"), null=True, blank=True)
    suspected_bad_faith = models.BooleanField(
        _("bad faith suspected"), default=False, help_text=_("A claim for gain without ground.")
    )
    answer_by = models.DateTimeField(_("answer by"), null=True, blank=True)
    """Of a question; its resolution is due then."""
    opened_on = models.DateField(_("opened"))
    opened_at = models.DateTimeField(_("opened at"), default=timezone.now)
    closed_on = models.DateField(_("closed"), null=True, blank=True)
    taken_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    """Who filed it."""
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="assigned_complaints",
        verbose_name=_("assigned to"),
    )
    state = models.CharField(_("state"), max_length=12, choices=State, default=State.NEW)

    # The decision that stands (Decision has them all) and how it ended.
    outcome = models.CharField(_("decision"), max_length=8, choices=Outcome, blank=True)
    granted_cents = models.BigIntegerField(_("granted"), null=True, blank=True)
    decided_at = models.DateTimeField(_("decided at"), null=True, blank=True)
    resolution = models.CharField(_("resolution"), max_length=11, choices=Resolution, blank=True)
    resolved_on = models.DateField(_("resolved"), null=True, blank=True)
    root_cause = models.ForeignKey(
        RootCause,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="complaints",
        verbose_name=_("root cause"),
    )
    solved = models.CharField(_("was it solved?"), max_length=6, choices=Solved, blank=True)
    solved_on = models.DateField(_("asked"), null=True, blank=True)

    # The clock.
    response_allowed = models.PositiveIntegerField(null=True, blank=True, editable=False)
    resolution_allowed = models.PositiveIntegerField(null=True, blank=True, editable=False)
    """Working minutes of the service level; None: not reckoned yet."""
    resolution_used = models.PositiveIntegerField(default=0, editable=False)
    """Working minutes used when the present state began: while the clock stands, all that were used."""
    responded_at = models.DateTimeField(_("first response"), null=True, blank=True, editable=False)
    response_warn_at = models.DateTimeField(null=True, blank=True, editable=False)
    response_due_at = models.DateTimeField(_("response due"), null=True, blank=True, editable=False)
    resolution_warn_at = models.DateTimeField(null=True, blank=True, editable=False)
    resolution_due_at = models.DateTimeField(_("resolution due"), null=True, blank=True, editable=False)
    """None while the clock stands: waiting for the customer, resolved or closed."""
    response_over = models.IntegerField(null=True, blank=True, editable=False)
    resolution_over = models.IntegerField(null=True, blank=True, editable=False)
    """Working minutes above the level, below it negative; None until responded, or resolved."""
    warn_at = models.DateTimeField(null=True, blank=True, editable=False)
    due_at = models.DateTimeField(_("due"), null=True, blank=True, editable=False)
    """Of the clock that runs out first; None while none runs. Lists are sorted by it: by time left, not by age."""

    objects = ComplaintQuerySet.as_manager()

    class Meta:
        verbose_name = _("complaint")
        verbose_name_plural = _("complaints")
        ordering = ["-opened_on", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(closed_on__isnull=True) | Q(closed_on__gte=F("opened_on")),
                name="complaint_closed_after_it_opened",
            ),
            models.CheckConstraint(
                condition=Q(state="closed", closed_on__isnull=False)
                | (~Q(state="closed") & Q(closed_on__isnull=True)),
                name="complaint_closed_has_a_day",
            ),
            models.CheckConstraint(
                condition=Q(claim_cents__isnull=True) | Q(claim_cents__gte=0),
                name="complaint_claim_not_negative",
            ),
        ]
        indexes = [
            models.Index(fields=["account", "opened_on"], name="complaint_of_account"),
            models.Index(
                fields=["due_at", "id"], condition=Q(closed_on__isnull=True), name="complaint_open_by_due"
            ),
            models.Index(
                fields=["assignee", "due_at"],
                condition=Q(closed_on__isnull=True),
                name="complaint_of_assignee",
            ),
            # The board: of each state those with the least time left.
            models.Index(
                fields=["state", "due_at", "id"],
                condition=Q(closed_on__isnull=True),
                name="complaint_open_by_state",
            ),
            models.Index(
                fields=["-closed_on", "-id"],
                condition=Q(closed_on__isnull=False),
                name="complaint_closed_latest",
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def is_open(self) -> bool:
        return self.closed_on is None

    @property
    def is_question(self) -> bool:
        return self.kind == Kind.QUESTION


class ComplaintStep(Worded, models.Model):
    """One change of state, kept for ever: the clock is reckoned from these. The first comes from no state ("")."""

    complaint = models.ForeignKey(Complaint, models.CASCADE, related_name="steps", db_index=False)
    from_state = models.CharField(max_length=12, choices=State, blank=True)
    to_state = models.CharField(max_length=12, choices=State)
    at = models.DateTimeField()
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    note = models.TextField(blank=True)

    class Meta:
        verbose_name = _("step")
        verbose_name_plural = _("steps")
        ordering = ["at", "id"]
        indexes = [models.Index(fields=["complaint", "at", "id"], name="step_of_complaint")]

    def __str__(self) -> str:
        return f"{self.from_state} > {self.to_state}"


class ComplaintMessage(Worded, models.Model):
    """One entry of the timeline: a note among ourselves, what the customer was told, or what the customer said."""

    class Kind(models.TextChoices):
        INTERNAL = "internal", _("Internal note")
        TOLD = "told", _("Told to the customer")
        HEARD = "heard", _("From the customer")

    complaint = models.ForeignKey(Complaint, models.CASCADE, related_name="messages", db_index=False)
    uuid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(_("kind"), max_length=8, choices=Kind)
    channel = models.CharField(_("channel"), max_length=10, choices=Channel, blank=True)
    words = models.TextField(_("words"))
    at = models.DateTimeField()
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        ordering = ["at", "id"]
        indexes = [models.Index(fields=["complaint", "at"], name="message_of_complaint")]

    def __str__(self) -> str:
        return self.words[:60]


def stored_name() -> str:
    """A name by which nothing can be guessed, and no path can be made."""
    return secrets.token_hex(24)


class Attachment(models.Model):
    """One file at a complaint. It lies under its stored name outside the web root; `original_name` is for people."""

    complaint = models.ForeignKey(Complaint, models.CASCADE, related_name="attachments")
    stored_name = models.CharField(max_length=48, unique=True, default=stored_name, editable=False)
    original_name = models.CharField(_("name"), max_length=200)
    content_type = models.CharField(_("type"), max_length=100)
    size = models.PositiveBigIntegerField(_("bytes"))
    uploaded_at = models.DateTimeField(default=timezone.now)
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )

    objects = AttachmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("attachment")
        verbose_name_plural = _("attachments")
        ordering = ["id"]

    def __str__(self) -> str:
        return self.original_name
