"""The form in which people write down what a customer asks of our contacts (docs/domain.md, 5.2)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.dates import WEEKDAYS, WEEKDAYS_ABBR
from django.utils.translation import gettext_lazy as _

from contacts.models import ContactWish
from contacts.wishes import CHANNELS, EVERY_WEEK, FIELDS, LAST_WEEK, is_empty, problems

PREFER, FINE, NEVER = "prefer", "fine", "never"
STANCES = ((PREFER, _("Prefer")), (FINE, _("Fine")), (NEVER, _("Do not use")))
WEEKS = (
    ("", _("No fixed time")),
    (EVERY_WEEK, _("Every")),
    (1, _("First")),
    (2, _("Second")),
    (3, _("Third")),
    (4, _("Fourth")),
    (LAST_WEEK, _("Last")),
)
CHANNEL = "channel_"


class TimeInput(forms.TimeInput):
    """A time as the browser's own field wants it."""

    input_type = "time"

    def __init__(self, **attrs: Any) -> None:
        super().__init__(attrs=attrs, format="%H:%M")


def _number(words: Any) -> forms.IntegerField:
    return forms.IntegerField(
        label=words,
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "size": 4}),
        error_messages={"invalid": _("Give a whole number.")},
    )


class WishForm(forms.Form):
    """One three-way choice for each channel, days and hours, a fixed time, a most, and their own words."""

    weekdays = forms.MultipleChoiceField(
        label=_("On these days only"),
        required=False,
        choices=[(str(day + 1), words) for day, words in WEEKDAYS_ABBR.items()],
        widget=forms.CheckboxSelectMultiple,
    )
    from_time = forms.TimeField(label=_("Not before"), required=False, widget=TimeInput())
    until_time = forms.TimeField(label=_("Not after"), required=False, widget=TimeInput())
    slot_week = forms.TypedChoiceField(
        label=_("Which"), required=False, choices=WEEKS, coerce=int, empty_value=None
    )
    slot_weekday = forms.TypedChoiceField(
        label=_("Weekday"),
        required=False,
        choices=[("", _("Day")), *((day + 1, words) for day, words in WEEKDAYS.items())],
        coerce=int,
        empty_value=None,
    )
    slot_time = forms.TimeField(label=_("At"), required=False, widget=TimeInput())
    at_most = _number(_("At most, contacts"))
    per_days = _number(_("In days"))
    note = forms.CharField(
        label=_("In their words"),
        required=False,
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Whoever contacts them next reads this."),
    )

    def __init__(self, data: Any = None, *, wish: ContactWish | None = None) -> None:
        super().__init__(data, initial=_initial(wish))
        for channel in CHANNELS:
            self.fields[f"{CHANNEL}{channel}"] = forms.ChoiceField(
                label=channel.label, choices=STANCES, widget=forms.RadioSelect, required=False
            )

    def channels(self) -> Iterator[dict[str, Any]]:
        """One row for each channel: its symbol, its word, and the field."""
        for channel in CHANNELS:
            yield {
                "icon": channel.value,
                "label": channel.label,
                "field": self[f"{CHANNEL}{channel}"],
            }

    def clean(self) -> dict[str, Any]:
        """What nobody could keep to is said here already, so that all of it is said at once."""
        given = super().clean() or {}
        if not self.errors:
            wish = ContactWish(**self.values())
            if not is_empty(wish):
                add_problems(self, problems(wish))
        return given

    def values(self) -> dict[str, Any]:
        """What `write_wish` takes."""
        given = self.cleaned_data
        stance = {channel: given.get(f"{CHANNEL}{channel}") or FINE for channel in CHANNELS}
        values = {name: given.get(name) for name in FIELDS if name in self.fields}
        return values | {
            "weekdays": _any_day("".join(sorted(given["weekdays"]))),
            "note": " ".join(given["note"].split()),
            "preferred_channels": [str(one) for one, is_so in stance.items() if is_so == PREFER],
            "forbidden_channels": [str(one) for one, is_so in stance.items() if is_so == NEVER],
        }


def add_problems(form: WishForm, found: dict[str, Any]) -> None:
    """Show problems beside their fields; those of the channels, which have a field each, above the form."""
    for name, words in found.items():
        form.add_error(name if name in form.fields else None, ValidationError(words))


def _any_day(digits: str) -> str:
    """All seven days are no wish."""
    return "" if len(digits) == len(WEEKDAYS) else digits


def _initial(wish: ContactWish | None) -> dict[str, Any]:
    if wish is None:
        return {f"{CHANNEL}{channel}": FINE for channel in CHANNELS}
    stances = {
        f"{CHANNEL}{channel}": PREFER
        if channel in wish.preferred_channels
        else NEVER
        if channel in wish.forbidden_channels
        else FINE
        for channel in CHANNELS
    }
    plain = {name: getattr(wish, name) for name in FIELDS if not name.endswith("_channels")}
    return plain | stances | {"weekdays": list(wish.weekdays)}
