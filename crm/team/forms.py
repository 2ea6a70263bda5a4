"""Forms for working time, absences and public holidays."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.dates import WEEKDAYS_ABBR
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.look.fields import ClockInput, DayInput
from crm.look.figures import duration
from crm.team.absences import check_days, kept_people
from crm.team.models import Absence, Country, User
from crm.team.working_time import minutes_at_work

FURTHEST = dt.timedelta(days=2 * 366)
"""So far back or ahead a day may lie before it is taken for a slip of the pen."""


def check_near(day: dt.date, today: dt.date) -> None:
    """Raise ValidationError where the day is years away from today."""
    if abs(day - today) > FURTHEST:
        raise ValidationError(_("That is more than two years away: is the year right?"))


class WorkingTimeForm(forms.ModelForm):
    """When one works, where, and how much of it is for contacts."""

    working_weekdays = forms.MultipleChoiceField(
        label=gettext_lazy("Working days"),
        choices=[(str(number + 1), name) for number, name in WEEKDAYS_ABBR.items()],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": gettext_lazy("Choose at least one working day.")},
    )
    time_zone = forms.ChoiceField(label=gettext_lazy("Time zone"))

    class Meta:
        model = User
        fields = ("works_from", "works_until", "weekly_contact_minutes", "country")
        labels = {
            "works_from": gettext_lazy("From"),
            "works_until": gettext_lazy("Until"),
            "weekly_contact_minutes": gettext_lazy("Minutes for contacts, per week"),
            "country": gettext_lazy("Country"),
        }
        widgets = {"works_from": ClockInput(), "works_until": ClockInput()}
        help_texts = {
            "weekly_contact_minutes": gettext_lazy("So much contact time is planned; 1200 are 20 hours."),
        }

    field_order = (
        "working_weekdays",
        "works_from",
        "works_until",
        "weekly_contact_minutes",
        "country",
        "time_zone",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["working_weekdays"] = list(self.instance.working_weekdays)
        self.initial["time_zone"] = self.instance.time_zone
        near = {zone for zone in zoneinfo.available_timezones() if zone.startswith("Europe/")}
        zones = sorted({*near, self.instance.time_zone})
        self.fields["time_zone"].choices = [(zone, zone.replace("_", " ")) for zone in zones]  # type: ignore[attr-defined]

    def clean_working_weekdays(self) -> str:
        """The digits in order."""
        return "".join(sorted(self.cleaned_data["working_weekdays"]))

    def clean(self) -> dict[str, Any]:
        """The end after the beginning, and no more contact time than working time."""
        data = super().clean() or self.cleaned_data
        begin, end = data.get("works_from"), data.get("works_until")
        if not begin or not end:
            return data
        if end <= begin:
            self.add_error("works_until", _("Work ends after it begins."))
        elif (days := data.get("working_weekdays")) and "weekly_contact_minutes" in data:
            most = minutes_at_work(weekdays=days, works_from=begin, works_until=end)
            check_minutes(self, data["weekly_contact_minutes"], most)
        return data

    def _post_clean(self) -> None:
        """Leave the instance alone: the verb writes it, and must see what stood there before."""


def check_minutes(form: forms.Form | forms.ModelForm, minutes: int, most: int) -> None:
    """Add an error where the contact minutes are more than the minutes at work."""
    if minutes > most:
        words = _("That is more than the working time of the week, %(time)s.") % {"time": duration(most)}
        form.add_error("weekly_contact_minutes", words)


class MinutesForm(forms.Form):
    """The contact minutes of somebody else, set by a lead or an admin."""

    weekly_contact_minutes = forms.IntegerField(
        label=gettext_lazy("Minutes for contacts, per week"),
        min_value=0,
        max_value=6000,
        help_text=gettext_lazy("So much contact time is planned; 1200 are 20 hours."),
    )

    def __init__(self, *args: Any, person: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.person = person
        self.initial.setdefault("weekly_contact_minutes", person.weekly_contact_minutes)

    def clean_weekly_contact_minutes(self) -> int:
        """At most the person's working time. Raises ValidationError."""
        minutes: int = self.cleaned_data["weekly_contact_minutes"]
        who = self.person
        most = minutes_at_work(
            weekdays=who.working_weekdays, works_from=who.works_from, works_until=who.works_until
        )
        if minutes > most:
            raise ValidationError(
                _("%(name)s works %(time)s a week: contacts cannot take more.")
                % {"name": who, "time": duration(most)}
            )
        return minutes


class AbsenceForm(forms.Form):
    """One absence. Who: asked only of those who enter for others, and not of one that is changed."""

    user = forms.ModelChoiceField(User.objects.none(), label=gettext_lazy("Who"), empty_label=None)
    first_day = forms.DateField(label=gettext_lazy("First day"), widget=DayInput())
    last_day = forms.DateField(
        label=gettext_lazy("Last day"),
        widget=DayInput(),
        required=False,
        help_text=gettext_lazy("Empty: that one day."),
    )
    substitute = forms.ModelChoiceField(
        User.objects.none(),
        label=gettext_lazy("Substitute"),
        required=False,
        help_text=gettext_lazy("Sees and serves the accounts on these days."),
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=120,
        required=False,
        help_text=gettext_lazy("The team sees the days only."),
    )

    def __init__(
        self, *args: Any, keeper: User, today: dt.date, absence: Absence | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.keeper, self.today, self.absence = keeper, today, absence
        people = list(User.objects.filter(is_active=True).select_related("team"))
        self._lay_out_who(people)
        self._lay_out_substitutes(people)
        if absence is not None:
            for name in ("first_day", "last_day", "reason"):
                self.initial.setdefault(name, getattr(absence, name))
            self.initial.setdefault("substitute", absence.substitute_id)

    def _lay_out_who(self, people: list[User]) -> None:
        keeper = self.keeper
        if self.absence is not None or not (keeper.is_manager or keeper.is_admin):
            del self.fields["user"]
            return
        field: Any = self.fields["user"]
        field.queryset = kept_people(keeper)
        kept = set(field.queryset.values_list("pk", flat=True))
        field.choices = [(person.pk, str(person)) for person in people if person.pk in kept]
        self.initial.setdefault("user", keeper.pk)

    def _lay_out_substitutes(self, people: list[User]) -> None:
        field: Any = self.fields["substitute"]
        standing = self.absence.substitute_id if self.absence is not None else None
        others = people
        if standing is not None and standing not in {person.pk for person in people}:
            others = [*people, self.absence.substitute]  # type: ignore[list-item, union-attr]
        field.queryset = User.objects.filter(pk__in=[person.pk for person in others])
        absent = self.absence.user if self.absence is not None else self.keeper
        if "user" not in self.fields:
            others = [person for person in others if person.pk != absent.pk]
        groups: dict[str, list[tuple[int, str]]] = {}
        for person in sorted(others, key=lambda one: (one.team_id != absent.team_id, str(one.team or ""))):
            groups.setdefault(str(person.team or _("No team")), []).append((person.pk, str(person)))
        field.choices = [("", _("Nobody")), *groups.items()]

    def clean_first_day(self) -> dt.date:
        """A day within two years. Raises ValidationError."""
        day: dt.date = self.cleaned_data["first_day"]
        check_near(day, self.today)
        return day

    def clean(self) -> dict[str, Any]:
        """Fill in who and the last day; check the days against each other and against what is entered."""
        data = super().clean() or self.cleaned_data
        absent = self.absence.user if self.absence is not None else data.get("user", self.keeper)
        data["user"] = absent
        if "first_day" not in data or "last_day" not in data:
            return data
        data["last_day"] = data["last_day"] or data["first_day"]
        try:
            but = self.absence.pk if self.absence is not None else None
            check_days(user_id=absent.pk, first=data["first_day"], last=data["last_day"], but=but)
        except ValidationError as refused:
            for name, errors in refused.message_dict.items():
                self.add_error(name, errors)
        if data.get("substitute") == absent:
            self.add_error("substitute", _("The substitute must be somebody else."))
        return data


class HolidayForm(forms.Form):
    """One day of one country: a holiday, or a day that is worked though weekday or calendar say otherwise."""

    day = forms.DateField(label=gettext_lazy("Day"), widget=DayInput())
    name = forms.CharField(label=gettext_lazy("Name"), max_length=120)
    works = forms.ChoiceField(
        label=gettext_lazy("What it is"),
        choices=[("", gettext_lazy("A day off")), ("1", gettext_lazy("A working day"))],
        required=False,
    )
    country = forms.ChoiceField(choices=Country, widget=forms.HiddenInput())

    def clean_works(self) -> bool:
        """Whether it is worked."""
        return self.cleaned_data["works"] == "1"

    def clean(self) -> dict[str, Any]:
        """A weekend day needs no day off, and a plain weekday no permission to work."""
        data = super().clean() or self.cleaned_data
        if (day := data.get("day")) and not 2000 <= day.year <= 2100:
            self.add_error("day", _("Is the year right?"))
        return data
