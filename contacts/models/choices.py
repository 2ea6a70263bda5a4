"""What a contact brought, and why one is asked for (docs/domain.md, sections 2 and 3)."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Outcome(models.TextChoices):
    """What a contact brought."""

    NEW_ORDER = "new_order", _("New order")
    NEW_INFORMATION = "new_information", _("New information")
    RELATIONSHIP = "relationship", _("Relationship only")
    NOTHING = "nothing", _("Nothing")
    NOT_REACHED = "not_reached", _("Not reached")
    UNWELCOME = "unwelcome", _("Unwelcome")


class Reason(models.TextChoices):
    """Why an agenda item asks for a contact (docs/domain.md, section 3)."""

    CADENCE = "cadence", _("Cadence")
    AFTER_PURCHASE = "after_purchase", _("After purchase")
    BEFORE_DELIVERY = "before_delivery", _("Before delivery")
    AFTER_DELIVERY = "after_delivery", _("After delivery")
    COMPLAINT = "complaint", _("Complaint")
    QUESTION = "question", _("Question")
    PROMISE_DUE = "promise_due", _("Promise due")
    REPLACEMENT_DUE = "replacement_due", _("Replacement due")
    OCCASION = "occasion", _("Occasion")
    WIN_BACK = "win_back", _("Win-back")
    TIER_CHANGE = "tier_change", _("Tier change")
    PULSE_ANSWER = "pulse_answer", _("Pulse answer")
    MANUAL = "manual", _("Manual")
