"""The form of a draft: every threshold is a field, named as in docs/domain.md, 4.2; and the one that says from when."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django import forms
from django.db.models import DecimalField
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from segmentation.errors import PolicyError
from segmentation.models import TierPolicy
from segmentation.policies import edit_draft

GROUPS = (
    (gettext_lazy("Volume and band"), ("window_months", "a_share", "b_share", "band", "potential_weight")),
    (gettext_lazy("Systematic and loyal"), ("a_min_active_quarters", "a_min_tenure_months")),
    (gettext_lazy("Newcomer and sporadic"), ("newcomer_months", "b_min_active_quarters")),
    (gettext_lazy("Payment"), ("max_late_share", "grace_days")),
    (gettext_lazy("Review"), ("review_days",)),
)


def shown(value: Any) -> str:
    """A threshold as people write it: 0.8, 12, "–" for none."""
    if value is None:
        return "–"
    return format(value.normalize(), "f") if isinstance(value, Decimal) else str(value)


def label(name: str) -> Any:
    """What a threshold is called on a page."""
    return getattr(TierPolicy._meta.get_field(name), "verbose_name", name)


def differences(one: TierPolicy, other: TierPolicy) -> list[tuple[str, Any, str, str]]:
    """(name, label, value of the one, of the other) of each threshold in which they differ."""
    return [
        (
            name,
            label(name),
            shown(getattr(one, name)),
            shown(getattr(other, name)),
        )
        for name in TierPolicy.THRESHOLDS
        if getattr(one, name) != getattr(other, name)
    ]


class PolicyForm(forms.ModelForm):
    """The thresholds of a draft, and a note. Shares are fractions of 1 with at most four decimals."""

    class Meta:
        model = TierPolicy
        fields = (*TierPolicy.THRESHOLDS, "note")

    def __init__(self, *args: Any, present: TierPolicy, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in TierPolicy.THRESHOLDS:
            field = self.fields[name]
            if isinstance(TierPolicy._meta.get_field(name), DecimalField):
                field.widget.attrs |= {"step": "0.0001", "min": "0", "max": "1"}
                if (value := self.initial.get(name)) is not None:
                    self.initial[name] = shown(value)
            now = shown(getattr(present, name))
            words = _("%(name)s · in force %(value)s") % {"name": name, "value": now}
            field.help_text = f"{words}. {field.help_text}" if field.help_text else words

    @property
    def groups(self) -> list[tuple[Any, list[Any]]]:
        """The fields as the page sets them."""
        return [(title, [self[name] for name in names]) for title, names in GROUPS]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        a_share, b_share = data.get("a_share"), data.get("b_share")
        if a_share is not None and b_share is not None and b_share < a_share <= 1:
            words = _("B ends at %(b)s, before A ends (%(a)s).") % {"b": shown(b_share), "a": shown(a_share)}
            self.add_error("b_share", words)
        return data

    def save_draft(self) -> bool:
        """Write what is valid; whether it could be. What the verb refuses stands on the form."""
        try:
            thresholds = {name: self.cleaned_data[name] for name in TierPolicy.THRESHOLDS}
            edit_draft(policy=self.instance, thresholds=thresholds, note=self.cleaned_data["note"])
        except PolicyError as refused:
            self.add_error(refused.field or None, str(refused))
            return False
        return True


class StartForm(forms.Form):
    """From when a policy is in force."""

    starts_on = forms.DateField(
        label=gettext_lazy("In force from"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    run_at_start = forms.BooleanField(
        label=gettext_lazy("Compute the tiers at once, as of the day before"),
        required=False,
        help_text=gettext_lazy("Else the next run is the quarter's."),
    )


class DayForm(forms.Form):
    """As of which day a policy is simulated."""

    as_of = forms.DateField(
        label=gettext_lazy("As of the end of"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )

    def __init__(self, *args: Any, today: dt.date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        last = today - dt.timedelta(days=1)
        self.fields["as_of"].initial = last
        self.fields["as_of"].widget.attrs["max"] = last.isoformat()

    def clean_as_of(self) -> dt.date:
        as_of: dt.date = self.cleaned_data["as_of"]
        if as_of >= self.today:
            raise forms.ValidationError(_("The day has not ended yet. Choose yesterday or an earlier one."))
        return as_of
