"""What people fill in: a contact that took place, and where a follow-up is put off to (docs/domain.md, 5.4)."""

from __future__ import annotations

import datetime as dt
import uuid as uuids
from collections.abc import Iterable, Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, Channel, ContactPerson
from contacts.models import FollowUp, Outcome, Touchpoint
from contacts.touchpoints import NextStep
from contacts.why import OUTCOME_ICONS

MADE = [(channel.value, channel.label) for channel in Channel if channel != Channel.BROADCAST]
"""What a person logs; a broadcast is recorded by what sends it."""


class DayInput(forms.DateInput):
    """A day as the browser's own date field wants it."""

    input_type = "date"

    def __init__(self, **attrs: Any) -> None:
        super().__init__(attrs=attrs, format="%Y-%m-%d")


class ContactForm(forms.Form):
    """What was said and done: the fields of a touchpoint."""

    outcome = forms.ChoiceField(
        label=_("Outcome"),
        choices=Outcome.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Pick what the contact brought.")},
    )
    minutes = forms.IntegerField(
        label=_("Minutes"),
        min_value=0,
        max_value=1440,
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
        error_messages={
            "required": _("How many minutes did it take?"),
            "invalid": _("Give whole minutes, such as 15."),
            "min_value": _("Give 0 minutes or more."),
            "max_value": _("Give at most 1440 minutes: a day has no more."),
        },
    )
    channel = forms.ChoiceField(label=_("Channel"), choices=MADE)
    direction = forms.ChoiceField(label=_("Who contacted whom"), choices=Touchpoint.Direction.choices)
    day = forms.DateField(label=_("Day"), widget=DayInput())
    note = forms.CharField(
        label=_("Note"), required=False, max_length=10_000, widget=forms.Textarea(attrs={"rows": 2})
    )
    persons = forms.ModelMultipleChoiceField(
        label=_("With"),
        queryset=ContactPerson.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(
        self,
        *args: Any,
        account: Account | None,
        today: dt.date,
        persons: Sequence[ContactPerson] | None = None,
        **kwargs: Any,
    ) -> None:
        """account: None where the user may not see it any more; then its persons are not offered.

        persons: those still there, where the page has read them already.
        """
        super().__init__(*args, **kwargs)
        self.offers_persons = False
        if account is None:
            del self.fields["persons"]
        else:
            field: Any = self.fields["persons"]
            field.queryset = account.persons.present()
            offered = list(field.queryset) if persons is None else persons
            field.choices = [(person.pk, str(person)) for person in offered]
            self.offers_persons = bool(offered)
        self.fields["day"].widget.attrs["max"] = today.isoformat()

    def outcomes(self) -> list[dict[str, Any]]:
        """The six choices, each with its icon and its key; none is chosen before somebody chooses."""
        chosen = self["outcome"].value()
        return [
            {
                "value": value,
                "label": label,
                "icon": OUTCOME_ICONS[value],
                "key": key,
                "checked": chosen == value,
            }
            for key, (value, label) in enumerate(Outcome.choices, start=1)
        ]

    def values(self) -> dict[str, Any]:
        """The arguments of `correct_touchpoint`, and those that `log_contact` shares with it."""
        names = ("outcome", "minutes", "channel", "direction", "day", "note")
        persons = self.cleaned_data.get("persons")
        return {name: self.cleaned_data[name] for name in names} | {
            "persons": None if persons is None else list(persons)
        }


class LogForm(ContactForm):
    """The same, with what was promised and what comes next. `uuid` is the form's identity: sent twice, logged once."""

    BY_PLAN, ANOTHER_DAY = "plan", "day"

    uuid = forms.UUIDField(widget=forms.HiddenInput)
    promise_words = forms.CharField(label=_("I promised"), required=False, max_length=300)
    promise_due = forms.DateField(label=_("Promised by"), required=False, widget=DayInput())
    promises_kept = forms.MultipleChoiceField(
        label=_("Kept"), required=False, widget=forms.CheckboxSelectMultiple
    )
    next = forms.ChoiceField(
        label=_("Next"), required=False, choices=[(BY_PLAN, _("By plan")), (ANOTHER_DAY, _("Another day …"))]
    )
    next_words = forms.CharField(label=_("Next step"), required=False, max_length=300)
    next_day = forms.DateField(label=_("On"), required=False, widget=DayInput())
    next_channel = forms.ChoiceField(label=_("How"), required=False, choices=MADE)

    def __init__(
        self,
        *args: Any,
        today: dt.date,
        by_plan: str = "",
        promises: Iterable[tuple[int, str]] = (),
        **kwargs: Any,
    ) -> None:
        """by_plan: what comes next by plan, in words. promises: those on the agenda, (id, words)."""
        self.promises = list(promises)
        # Whoever calls about a promise mostly keeps it; the ticked box says so before, and the toast after.
        own = {
            "uuid": uuids.uuid4(),
            "day": today,
            "next": self.BY_PLAN,
            "promises_kept": [pk for pk, _words in self.promises],
        }
        kwargs["initial"] = own | kwargs.get("initial", {})
        super().__init__(*args, today=today, **kwargs)
        self.fields["promises_kept"].choices = self.promises  # type: ignore[attr-defined]
        if by_plan:
            self.fields["next"].choices = [(self.BY_PLAN, by_plan), (self.ANOTHER_DAY, _("Another day …"))]  # type: ignore[attr-defined]
        for name in ("promise_due", "next_day"):
            self.fields[name].widget.attrs["min"] = today.isoformat()

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if (
            given.get("next") == self.ANOTHER_DAY
            and not given.get("next_day")
            and "next_day" not in self.errors
        ):
            self.add_error("next_day", _("On which day?"))
        return given

    def log_values(self) -> dict[str, Any]:
        """The arguments of `log_contact` that the form gives."""
        given = self.cleaned_data
        step = None
        if given["next"] == self.ANOTHER_DAY:
            step = NextStep(given["next_words"], given["next_day"], given["next_channel"] or given["channel"])
        return self.values() | {
            "uuid": given["uuid"],
            "persons": list(given["persons"]),
            "promise_words": given["promise_words"],
            "promise_due": given["promise_due"],
            "promises_kept": [int(pk) for pk in given["promises_kept"]],
            "next_step": step,
        }


class SnoozeForm(forms.Form):
    """Until when a follow-up is kept off Today."""

    until = forms.DateField(label=_("Until"), widget=DayInput())


class RescheduleForm(forms.Form):
    """The day a person gives a follow-up; with a time it is booked."""

    day = forms.DateField(label=_("Day"), widget=DayInput())
    time = forms.TimeField(
        label=_("Time"),
        required=False,
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        help_text=_("With a time it is booked, and planning never moves it."),
    )
    channel = forms.ChoiceField(label=_("How"), choices=MADE)

    @classmethod
    def of(cls, follow_up: FollowUp, *, today: dt.date, **kwargs: Any) -> RescheduleForm:
        """The form filled with what stands now; for something overdue, with today."""
        now = {"day": max(follow_up.day, today), "time": follow_up.time, "channel": follow_up.channel}
        return cls(initial=now, **kwargs)


class SkipForm(forms.Form):
    """Why a contact is left out."""

    reason = forms.CharField(
        label=_("Why it is left out"),
        max_length=200,
        error_messages={"required": _("Say why it is left out.")},
    )


def add_errors(form: forms.Form, error: ValidationError) -> None:
    """Show what a verb refused beside the fields it names; what the form does not have stands above it."""
    if not hasattr(error, "error_dict"):
        form.add_error(None, error)
        return
    for name, errors in error.error_dict.items():
        form.add_error(name if name in form.fields else None, errors)
