"""Forms of the review: a decision, many decisions, a pin. They check the shape; the verbs say what may be."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Tier
from crm.team.models import User
from segmentation.actions import Action
from segmentation.errors import SegmentationError
from segmentation.pins import KEPT, PROPOSED
from segmentation.reasons import Catalogue, Known, needs_words


class RefusableForm(forms.Form):
    """A form that can show what a verb refused, at the field the refusal names."""

    def refuse(self, error: SegmentationError) -> None:
        """Show the refusal in place."""
        name = getattr(error, "field", "")
        self.add_error(name if name in self.fields else None, str(error))


class ReasonedForm(RefusableForm):
    """Why it happened: a reason in use, and words where it is "other"."""

    reason = forms.ChoiceField(
        label=_("Why did it happen?"),
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Choose why it happened."),
            "invalid_choice": _("This reason is not in use any more. Choose another."),
        },
    )
    note = forms.CharField(label=_("Note"), required=False, max_length=1000)

    def __init__(self, *args: Any, reasons: Catalogue, **kwargs: Any) -> None:
        """reasons: the catalogue; those in use can be chosen."""
        super().__init__(*args, **kwargs)
        self.reasons = reasons
        self._choices("reason", [(reason.code, str(reason)) for reason in reasons.in_use])

    def _choices(self, name: str, choices: list[tuple[Any, Any]]) -> None:
        self.fields[name].choices = choices  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """ "Other" alone says nothing."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if data.get("reason") == Known.OTHER and not data.get("note"):
            self.add_error("note", needs_words(self.reasons.name(Known.OTHER)))
        return data


class DecisionForm(ReasonedForm):
    """One decision: "accept", "reject", or the tier that an override gives; with what is to be done about it."""

    decision = forms.ChoiceField(choices=[("accept", ""), ("reject", ""), *Tier.choices])
    action_words = forms.CharField(label=_("To be done"), required=False, max_length=200)
    action_who = forms.TypedChoiceField(label=_("By whom"), required=False, coerce=int, empty_value=None)
    action_day = forms.DateField(
        label=_("When"),
        required=False,
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
    )

    def __init__(self, *args: Any, people: Sequence[User] = (), way: str, **kwargs: Any) -> None:
        """people: who may be asked to do something, the first unless another is chosen. way: reasons.way of it."""
        super().__init__(*args, **kwargs)
        self.people = {one.pk: one for one in people}
        self._choices("action_who", [(one.pk, str(one)) for one in people])
        self.offered, self.further = self.reasons.offered(way)
        """The reasons for the direction, and the others: a rejection may rest on one of those."""

    def clean(self) -> dict[str, Any]:
        """What is to be done needs somebody who does it, and a day."""
        data = super().clean()
        if data.get("action_words"):
            if not data.get("action_day") and "action_day" not in self.errors:
                self.add_error("action_day", _("By when?"))
            if not data.get("action_who") and "action_who" not in self.errors:
                self.add_error("action_who", _("Who does it?"))
        return data

    @property
    def action(self) -> Action | None:
        """Of a valid form; None where nothing is to be done."""
        data = self.cleaned_data
        if not data["action_words"]:
            return None
        return Action(data["action_words"], self.people[data["action_who"]], data["action_day"])

    @property
    def asks_further(self) -> bool:
        """Whether one of the further reasons is chosen."""
        return self["reason"].value() in {reason.code for reason in self.further}

    @property
    def asks(self) -> bool:
        """Whether something is filled in for an action, or is wrong with it."""
        return any(self[name].errors for name in ("action_words", "action_who", "action_day")) or bool(
            self["action_words"].value()
        )


class ManyForm(ReasonedForm):
    """One decision for all the selected changes."""

    reason = forms.ChoiceField(
        label=_("Reason for all selected"),
        error_messages={
            "required": _("Choose why it happened."),
            "invalid_choice": _("This reason is not in use any more. Choose another."),
        },
    )
    decision = forms.ChoiceField(choices=[("accept", ""), ("reject", "")])
    change = forms.MultipleChoiceField(error_messages={"required": _("Select what to decide.")})

    def __init__(self, data: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(data, *args, **kwargs)
        self._choices("reason", [("", _("Reason …")), *((one.code, str(one)) for one in self.reasons.in_use)])
        self._choices("change", _numbers(data))

    @property
    def change_ids(self) -> list[int]:
        """The selected ones."""
        return [int(value) for value in self.cleaned_data["change"]]


def _numbers(data: Any) -> list[tuple[str, str]]:
    """The selected ones as choices. Any numbers: what they may not see or decide is the verb's to say."""
    given = data.getlist("change") if data is not None else []
    return [(value, value) for value in given if value.isascii() and value.isdigit() and len(value) < 19]


class PinManyForm(RefusableForm):
    """A pin from today on for all the selected changes' accounts."""

    tier = forms.ChoiceField(
        label=_("Tier of the pin"),
        choices=[(KEPT, _("the tier they have")), (PROPOSED, _("the tier proposed")), *Tier.choices],
        initial=KEPT,
        error_messages={"required": _("Choose a tier.")},
    )
    last_day = forms.DateField(
        label=_("Pinned until"),
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        error_messages={"required": _("Pinned until when? Give the last day.")},
    )
    pin_reason = forms.CharField(
        label=_("Why they are pinned"),
        max_length=200,
        error_messages={"required": _("Say why the tier is pinned.")},
    )
    change = forms.MultipleChoiceField(error_messages={"required": _("Select what to decide.")})

    def __init__(self, data: Any, *args: Any, today: dt.date, **kwargs: Any) -> None:
        super().__init__(data, *args, **kwargs)
        self.fields["change"].choices = _numbers(data)  # type: ignore[attr-defined]
        self.fields["last_day"].widget.attrs["min"] = today.isoformat()

    def clean(self) -> dict[str, Any]:
        """The verb's arguments."""
        data = self.cleaned_data
        data["change_ids"] = [int(value) for value in data.pop("change", [])]
        data["reason"] = data.pop("pin_reason", "")
        return data


class PinForm(RefusableForm):
    """A pin of the account's tier."""

    tier = forms.ChoiceField(label=_("Tier"), choices=Tier.choices, widget=forms.RadioSelect)
    first_day = forms.DateField(
        label=_("From"), widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    )
    last_day = forms.DateField(
        label=_("Until"), widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    )
    reason = forms.CharField(label=_("Reason"), max_length=200)
