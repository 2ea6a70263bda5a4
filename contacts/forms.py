"""What people fill in: a contact that took place, and where a follow-up is put off to (docs/domain.md, 5.4)."""

from __future__ import annotations

import datetime as dt
import uuid as uuids
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, Channel, ContactPerson
from accounts.querysets import who_see
from contacts.brief import Worked
from contacts.models import FollowUp, Outcome, Touchpoint
from contacts.touchpoints import NextStep
from contacts.why import OUTCOME_ICONS
from contacts.wishes import Caution
from crm.team.models import User

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
    written_at = forms.DateTimeField(required=False, widget=forms.HiddenInput)
    """When it was written on a device without a connection; not on the page, its script sends it along."""
    promise_words = forms.CharField(label=_("I promised"), required=False, max_length=300)
    promise_due = forms.DateField(label=_("Promised by"), required=False, widget=DayInput())
    promises_kept = forms.MultipleChoiceField(
        label=_("Kept"), required=False, widget=forms.CheckboxSelectMultiple
    )
    items_done = forms.MultipleChoiceField(
        label=_("Dealt with"), required=False, widget=forms.CheckboxSelectMultiple
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
        promises: Iterable[tuple[int, str, bool]] = (),
        worked_off: Sequence[Worked] = (),
        cautions: Sequence[Caution] = (),
        **kwargs: Any,
    ) -> None:
        """by_plan: what comes next by plan, in words. promises: those on the agenda, (id, words, is due).

        worked_off: the agenda where it has more than one item; its promises keep boxes of their own. cautions: what the
        customer wishes, for what is chosen.
        """
        promises = list(promises)
        self.promises = [(pk, words) for pk, words, _is_due in promises]
        self.cautions = cautions
        self.promised = {one.promise_id: one.pk for one in worked_off if one.promise_id is not None}
        self.worked_off = [one for one in worked_off if one.promise_id is None]
        channel = kwargs.get("initial", {}).get("channel")
        # Whoever calls on the day about a promise mostly keeps it; the ticked box says so before, and the toast after.
        # What is not due yet came along with something else: who kept it early says so.
        own = {
            "uuid": uuids.uuid4(),
            "day": today,
            "next": self.BY_PLAN,
            "promises_kept": [pk for pk, _words, is_due in promises if is_due],
            "items_done": [
                one.pk for one in self.worked_off if one.satisfied_by is None or channel in one.satisfied_by
            ],
        }
        kwargs["initial"] = own | kwargs.get("initial", {})
        super().__init__(*args, today=today, **kwargs)
        self.fields["promises_kept"].choices = self.promises  # type: ignore[attr-defined]
        self.fields["items_done"].choices = [(one.pk, one.words) for one in self.worked_off]  # type: ignore[attr-defined]
        if self.data.get("written_at"):
            self._leave_out_what_is_gone()
        if by_plan:
            self.fields["next"].choices = [(self.BY_PLAN, by_plan), (self.ANOTHER_DAY, _("Another day …"))]  # type: ignore[attr-defined]
        for name in ("promise_due", "next_day"):
            self.fields[name].widget.attrs["min"] = today.isoformat()

    def _leave_out_what_is_gone(self) -> None:
        """Of what was ticked on a kept page, what is still there: the others dealt with the rest meanwhile."""
        given = cast(QueryDict, self.data).copy()
        for name in ("persons", "promises_kept", "items_done"):
            offered = {str(value) for value, _words in self.fields[name].choices}  # type: ignore[attr-defined]
            given.setlist(name, [value for value in given.getlist(name) if value in offered])
        self.data = given

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if (
            given.get("next") == self.ANOTHER_DAY
            and not given.get("next_day")
            and "next_day" not in self.errors
        ):
            self.add_error("next_day", _("On which day?"))
        return given

    def agenda(self) -> Iterator[tuple[forms.boundfield.BoundWidget, str]]:
        """The boxes of the agenda, and the channels that tick each, "" for one that any contact deals with."""
        for box, one in zip(self["items_done"], self.worked_off, strict=True):
            yield box, " ".join(one.satisfied_by or ())

    def against_wishes(self) -> str:
        """What the next step goes against, in words; "" where nothing does, or none was asked for."""
        given = self.cleaned_data
        if given["next"] != self.ANOTHER_DAY:
            return ""
        channel, day = given["next_channel"] or given["channel"], given["next_day"]
        broken = (one.words for one in self.cautions if one.is_broken(channel=channel, day=day, time=None))
        return " ".join(broken)

    def log_values(self) -> dict[str, Any]:
        """The arguments of `log_contact` that the form gives."""
        given = self.cleaned_data
        step, done = None, None
        kept = [int(pk) for pk in given["promises_kept"]]
        if self.worked_off:
            done = [int(pk) for pk in given["items_done"]]
            done += [self.promised[pk] for pk in kept if pk in self.promised]
        if given["next"] == self.ANOTHER_DAY:
            step = NextStep(given["next_words"], given["next_day"], given["next_channel"] or given["channel"])
        return self.values() | {
            "uuid": given["uuid"],
            "written_at": given["written_at"],
            "persons": list(given["persons"]),
            "promise_words": given["promise_words"],
            "promise_due": given["promise_due"],
            "promises_kept": kept,
            "items_done": done,
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


class HandOverForm(forms.Form):
    """To whom one contact goes, and what they should know."""

    receiver = forms.ModelChoiceField(
        label=_("Colleague"),
        queryset=User.objects.none(),
        empty_label=_("Choose …"),
        error_messages={
            "required": _("Choose a colleague."),
            "invalid_choice": _("Choose a colleague who sees the account."),
        },
    )
    note = forms.CharField(
        label=_("What they should know"),
        required=False,
        max_length=200,
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(self, *args: Any, follow_up: FollowUp, **kwargs: Any) -> None:
        """Only colleagues who see the account are offered."""
        super().__init__(*args, **kwargs)
        field: Any = self.fields["receiver"]
        field.queryset = who_see(follow_up.account).exclude(pk=follow_up.assignee_id)


class MoveForm(forms.Form):
    """The day to which a follow-up is moved; its time stays."""

    day = forms.DateField(label=_("Day"), widget=DayInput())


class SkipForm(forms.Form):
    """Why a contact is left out."""

    reason = forms.CharField(
        label=_("Why it is left out"),
        max_length=200,
        error_messages={"required": _("Say why it is left out.")},
    )


class DigestForm(forms.Form):
    """When the morning digest comes; empty: it does not."""

    digest_at = forms.TimeField(
        label=_("At, your time"),
        required=False,
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
    )


def add_errors(form: forms.Form, error: ValidationError) -> None:
    """Show what a verb refused beside the fields it names; what the form does not have stands above it."""
    if not hasattr(error, "error_dict"):
        form.add_error(None, error)
        return
    for name, errors in error.error_dict.items():
        form.add_error(name if name in form.fields else None, errors)
