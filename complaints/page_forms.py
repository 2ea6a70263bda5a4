"""Forms of a complaint's page. They check the shape; the verbs of the workflow say what may be."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.models import Channel
from complaints.errors import ComplaintError
from complaints.models import Complaint, ComplaintCategory, ComplaintMessage, RootCause
from crm.team.models import User

LARGEST_CENTS = 10**13
"""A hundred billion: what is above it is a slip."""
LONGEST = 10_000


class RefusableForm(forms.Form):
    """A form that shows what a verb refused, at the field that the refusal names."""

    def refuse(self, error: ComplaintError) -> None:
        """Show the refusal in place."""
        self.add_error(error.field if error.field in self.fields else None, str(error))


class AmountField(forms.Field):
    """An amount of the base currency as people type it: 120, 1 200,50 or 1,200.50. Gives cents; None where empty."""

    default_error_messages = {"amount": _("Write an amount, such as 120 or 120.50.")}

    def __init__(self, **given: Any) -> None:
        widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off", "size": 12})
        super().__init__(**{"required": False, "widget": widget, **given})

    def prepare_value(self, value: Any) -> Any:
        """Cents as they are typed; what was typed as it was."""
        return f"{value // 100}.{value % 100:02}" if isinstance(value, int) else value

    def to_python(self, value: Any) -> int | None:
        """Cents. Raises ValidationError for what is no amount."""
        text = "".join(str(value or "").split())
        if not text:
            return None
        point = max(text.rfind(","), text.rfind("."))
        if point >= 0 and len(text) - point - 1 <= 2:  # else the last sign parts thousands
            text = text[:point].replace(",", "").replace(".", "") + "." + text[point + 1 :]
        else:
            text = text.replace(",", "").replace(".", "")
        try:
            cents = Decimal(text) * 100
        except InvalidOperation:
            raise ValidationError(self.error_messages["amount"], code="amount") from None
        if not cents.is_finite() or cents < 0 or cents > LARGEST_CENTS or cents != cents.to_integral_value():
            raise ValidationError(self.error_messages["amount"], code="amount")
        return int(cents)


class ActForm(RefusableForm):
    """One step, with a note where somebody wants one."""

    act = forms.CharField(widget=forms.HiddenInput)
    note = forms.CharField(
        label=_("Note"), required=False, max_length=LONGEST, widget=forms.Textarea(attrs={"rows": 1})
    )


class MessageForm(RefusableForm):
    """What is written into the timeline. uuid: the form's own identity."""

    uuid = forms.UUIDField(widget=forms.HiddenInput)
    kind = forms.ChoiceField(
        label=_("Who reads it"), choices=ComplaintMessage.Kind.choices, widget=forms.RadioSelect
    )
    channel = forms.ChoiceField(
        label=_("By"), required=False, choices=[("", _("Channel …")), *Channel.choices]
    )
    words = forms.CharField(
        label=_("Message"),
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Write something.")},
    )

    @classmethod
    def fresh(cls) -> MessageForm:
        """An empty one with an identity of its own."""
        return cls(initial={"uuid": uuid.uuid4(), "kind": ComplaintMessage.Kind.TOLD})


class DecisionForm(RefusableForm):
    """What is decided; an empty amount is the whole claim where it is accepted, and nothing where it is rejected."""

    outcome = forms.ChoiceField(
        label=_("Decision"),
        choices=Complaint.Outcome.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose what is decided.")},
    )
    amount = AmountField(label=_("Amount"))
    reason = forms.CharField(
        label=_("Reason"), required=False, max_length=LONGEST, widget=forms.Textarea(attrs={"rows": 1})
    )

    def __init__(self, *args: Any, claim_cents: int | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.claim_cents = claim_cents

    def clean(self) -> dict[str, Any]:
        """Nobody has to type what follows from the claim."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        outcome = data.get("outcome")
        if data.get("amount") is None and "amount" not in self.errors and outcome:
            if outcome == Complaint.Outcome.REJECTED or (
                outcome == Complaint.Outcome.ACCEPTED and not self.claim_cents
            ):
                data["amount"] = 0
            elif outcome == Complaint.Outcome.ACCEPTED:
                data["amount"] = self.claim_cents
            else:
                self.add_error("amount", _("Write how much is granted; 0 if it is nothing in money."))
        return data


class SecondLookForm(RefusableForm):
    """What a second person says to a decision."""

    look = forms.ChoiceField(choices=[("approve", ""), ("refuse", "")])
    note = forms.CharField(
        label=_("Note"), required=False, max_length=LONGEST, widget=forms.Textarea(attrs={"rows": 1})
    )


class ResolutionForm(RefusableForm):
    """What the customer got, and why it went wrong. Of a question neither has to be said."""

    resolution = forms.ChoiceField(
        label=_("What the customer got"),
        choices=Complaint.Resolution.choices,
        required=False,
        widget=forms.RadioSelect,
    )
    root_cause = forms.ModelChoiceField(
        label=_("Root cause"),
        queryset=RootCause.objects.filter(active=True),
        required=False,
        empty_label=_("Choose …"),
    )
    note = forms.CharField(
        label=_("Note"), required=False, max_length=LONGEST, widget=forms.Textarea(attrs={"rows": 1})
    )


class SolvedForm(RefusableForm):
    """What the customer said to "was it solved?"."""

    solved = forms.ChoiceField(
        label=_("Was it solved?"),
        choices=Complaint.Solved.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose what the customer said.")},
    )
    words = forms.CharField(
        label=_("In the customer's words"),
        required=False,
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 1}),
    )


class AssignForm(RefusableForm):
    """Who works on it."""

    assignee = forms.TypedChoiceField(
        label=_("Assigned to"), coerce=int, error_messages={"required": _("Choose a colleague.")}
    )

    def __init__(self, *args: Any, people: Iterable[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.people = {one.pk: one for one in people}
        self.fields["assignee"].choices = [  # type: ignore[attr-defined]
            ("", _("Choose …")),
            *((pk, str(one)) for pk, one in self.people.items()),
        ]


class CategoryForm(RefusableForm):
    """Another category of the same kind."""

    category = forms.ModelChoiceField(
        label=_("Category"), queryset=ComplaintCategory.objects.none(), empty_label=None
    )

    def __init__(self, *args: Any, kind: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["category"].queryset = ComplaintCategory.objects.filter(  # type: ignore[attr-defined]
            kind=kind, active=True
        )
