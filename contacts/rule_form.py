"""The form of a contact rule: a cadence with its conditions (docs/domain.md, 5.1)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, Channel, Tier
from contacts.cadence import CADENCE_CHANNELS
from contacts.models import ContactRule
from contacts.rules import save_rule
from crm.look import figures
from crm.team.models import User


class ContactRuleForm(forms.ModelForm):
    """A cadence. Money is asked for in whole units and kept in cents; empty conditions do not restrict."""

    tiers = forms.MultipleChoiceField(
        label=_("Tier"), choices=Tier.choices, required=False, widget=forms.CheckboxSelectMultiple
    )
    phases = forms.MultipleChoiceField(
        label=_("Phase"),
        choices=[choice for choice in Account.Phase.choices if choice[0] != Account.Phase.LET_GO],
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    potential_at_least = forms.DecimalField(
        label=_("Potential at least"), required=False, min_value=0, max_digits=14, decimal_places=2
    )
    channel = forms.ChoiceField(
        label=_("Channel"), choices=[(c.value, c.label) for c in Channel if c in CADENCE_CHANNELS]
    )
    every_days = forms.IntegerField(
        label=_("Every, days"),
        min_value=1,
        max_value=1100,
        error_messages={
            "min_value": _("At least 1 day."),
            "max_value": _("At most 1,100 days, three years."),
        },
    )

    class Meta:
        model = ContactRule
        fields = (
            "tiers",
            "phases",
            "product_lines",
            "complexity_at_least",
            "orders_per_year_at_least",
            "product_lines_at_least",
            "strategy_goal",
            "service_level",
            "channel",
            "every_days",
            "minutes",
            "tolerance_days",
            "active_from",
            "active_until",
            "talking_points",
        )
        labels = {"minutes": _("Minutes"), "tolerance_days": _("Tolerance, days")}
        widgets = {
            "product_lines": forms.CheckboxSelectMultiple,
            "active_from": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
            "active_until": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
            "talking_points": forms.Textarea(attrs={"rows": 2}),
        }

    MORE = (
        "phases",
        "product_lines",
        "complexity_at_least",
        "orders_per_year_at_least",
        "product_lines_at_least",
        "potential_at_least",
        "strategy_goal",
        "service_level",
        "active_from",
        "active_until",
    )
    """Conditions that most rules do without; the page folds them away while none is set."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rule = self.instance
        self.initial["tiers"] = list(rule.tiers)
        self.initial["phases"] = rule.phases
        if rule.potential_at_least_cents is not None:
            self.initial["potential_at_least"] = Decimal(rule.potential_at_least_cents) / 100
        self.fields["potential_at_least"].label = _("Potential at least, %(currency)s") % {
            "currency": figures.currency()
        }
        for name in ("strategy_goal", "service_level"):
            choices: Any = self.fields[name]
            choices.choices = [("", _("Any")), *choices.choices[1:]]

    @property
    def more_is_open(self) -> bool:
        """Whether a condition that is folded away is set, or has an error to be seen."""
        return any(self[name].value() or self[name].errors for name in self.MORE)

    def clean_tiers(self) -> str:
        return "".join(sorted(self.cleaned_data["tiers"]))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        first, last = cleaned.get("active_from"), cleaned.get("active_until")
        if first and last and last < first:
            self.add_error("active_until", _("The rule would end before it starts."))
        return cleaned

    def save_as(self, actor: User, *, now: dt.datetime) -> ContactRule | None:
        """Save by the verb; None where the verb refuses, and then the form has the errors."""
        rule: ContactRule = super().save(commit=False)
        potential = self.cleaned_data["potential_at_least"]
        rule.potential_at_least_cents = None if potential is None else int(potential * 100)
        try:
            return save_rule(
                rule=rule, actor=actor, now=now, product_lines=self.cleaned_data["product_lines"]
            )
        except ValidationError as refused:
            self.add_error(None, refused)
            return None
