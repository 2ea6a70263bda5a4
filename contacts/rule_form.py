"""The forms of contact rules: cadences and triggers, which have their conditions in common (docs/domain.md, 5.1)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, Channel, Tier
from contacts import intervals
from contacts.cadence import CADENCE_CHANNELS
from contacts.models import ContactRule
from contacts.rules import save_rule
from crm.look import figures
from crm.team.models import User


class RuleForm(forms.ModelForm):
    """What all rules have: whom they are about, and channel, minutes and talking points of the contact.

    Money is asked for in whole units and kept in cents; empty conditions do not restrict.
    """

    what: tuple[str, ...]
    """The fields that say what is to be done, two beside each other, the talking points apart."""

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

    class Meta:
        model = ContactRule
        fields: tuple[str, ...] = (
            "tiers",
            "phases",
            "product_lines",
            "complexity_at_least",
            "orders_per_year_at_least",
            "product_lines_at_least",
            "strategy_goal",
            "service_level",
            "channel",
            "minutes",
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

    @property
    def is_trigger(self) -> bool:
        return bool(self.instance.kind == ContactRule.Kind.TRIGGER)

    @property
    def what_fields(self) -> list[forms.BoundField]:
        """The fields of `what`, as the page shows them."""
        return [self[name] for name in self.what]

    def clean_tiers(self) -> str:
        return "".join(sorted(self.cleaned_data["tiers"]))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        first, last = cleaned.get("active_from"), cleaned.get("active_until")
        if first and last and last < first:
            self.add_error("active_until", _("The rule would end before it starts."))
        return cleaned

    def as_filled_in(self) -> ContactRule:
        """The rule as a valid form has it, but for its product lines; nothing is saved."""
        rule: ContactRule = super().save(commit=False)
        rule.potential_at_least_cents = _cents(self.cleaned_data["potential_at_least"])
        self.fill(rule)
        return rule

    def save_as(self, actor: User, *, now: dt.datetime) -> ContactRule | None:
        """Save by the verb; None where the verb refuses, and then the form has the errors."""
        rule = self.as_filled_in()
        try:
            return save_rule(
                rule=rule, actor=actor, now=now, product_lines=self.cleaned_data["product_lines"]
            )
        except ValidationError as refused:
            self.add_error(None, refused)
            return None

    def fill(self, rule: ContactRule) -> None:
        """Set what the kind of rule keeps otherwise than it is asked for."""


class CadenceForm(RuleForm):
    """How often. The interval may be said in days, in contacts a quarter or in minutes a year (contacts.intervals).

    What differs from the rule as it is decides, days before contacts a quarter before minutes a year.
    """

    what = ("channel", "minutes", "every_days", "per_quarter", "minutes_per_year", "tolerance_days")
    every_days = forms.IntegerField(
        label=_("Every, days"),
        required=False,
        min_value=1,
        max_value=intervals.MOST_DAYS,
        error_messages={
            "min_value": _("At least 1 day."),
            "max_value": _("At most 1,100 days, three years."),
        },
    )
    per_quarter = forms.DecimalField(
        label=_("Contacts a quarter"),
        required=False,
        min_value=Decimal("0.01"),
        max_value=100,
        decimal_places=2,
        widget=forms.NumberInput(attrs={"step": "any"}),
    )
    minutes_per_year = forms.IntegerField(
        label=_("Minutes a year"),
        required=False,
        min_value=1,
        max_value=219_000,
        help_text=_("Days, contacts or minutes: the others follow. A quarter has 91.25 days."),
    )

    class Meta(RuleForm.Meta):
        fields = (*RuleForm.Meta.fields, "every_days", "tolerance_days")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.every_days:
            self.initial["per_quarter"] = intervals.per_quarter(self.instance.every_days)
            self.initial["minutes_per_year"] = intervals.minutes_per_year(
                self.instance.every_days, self.instance.minutes
            )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if self.errors.keys() & {"every_days", "per_quarter", "minutes_per_year", "minutes"}:
            return cleaned
        days, often = cleaned.get("every_days"), cleaned.get("per_quarter")
        a_year, minutes = cleaned.get("minutes_per_year"), cleaned["minutes"]
        was = self.initial
        if days is None or days == was.get("every_days"):
            if often is not None and (days is None or often != was.get("per_quarter")):
                days = intervals.days_for_quarter(often)
            elif a_year is not None and (days is None or a_year != was.get("minutes_per_year")):
                days = intervals.days_for_year(a_year, minutes)
        if days is None:
            self.add_error("every_days", self.fields["every_days"].error_messages["required"])
        cleaned["every_days"] = days
        return cleaned


class TriggerForm(RuleForm):
    """What follows an event. Amount and days are asked of the events that have them; the page hides the others."""

    what = (
        "event",
        "event_amount",
        "event_days",
        "offset_from",
        "offset_until",
        "channel",
        "minutes",
    )
    event = forms.ChoiceField(
        label=_("After"), choices=[("", _("Choose an event")), *ContactRule.Event.choices]
    )
    event_amount = forms.DecimalField(
        required=False,
        min_value=0,
        max_digits=14,
        decimal_places=2,
        help_text=_("Of a purchase; empty: any amount."),
    )
    event_days = forms.IntegerField(
        label=_("Days before"),
        required=False,
        min_value=0,
        max_value=366,
        help_text=_("Of promised delivery or replacement; empty: on the day."),
    )
    offset_from = forms.IntegerField(
        label=_("Working days later, from"), min_value=0, max_value=250, initial=1
    )
    offset_until = forms.IntegerField(
        label=_("Working days later, until"), min_value=0, max_value=250, initial=3
    )

    class Meta(RuleForm.Meta):
        fields = (*RuleForm.Meta.fields, "event", "event_days", "offset_from", "offset_until")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["event_amount"].label = _("Amount at least, %(currency)s") % {
            "currency": figures.currency()
        }
        if self.instance.event_amount_cents is not None:
            self.initial["event_amount"] = Decimal(self.instance.event_amount_cents) / 100
        if self.instance.pk is None:  # the model's empty offsets would hide those of the form
            self.initial.pop("offset_from")
            self.initial.pop("offset_until")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        first, last = cleaned.get("offset_from"), cleaned.get("offset_until")
        if first is not None and last is not None and last < first:
            self.add_error("offset_until", _("The contact would end before it begins."))
        return cleaned

    def fill(self, rule: ContactRule) -> None:
        rule.event_amount_cents = _cents(self.cleaned_data["event_amount"])


def form_for(rule: ContactRule, data: Any = None) -> RuleForm:
    """The form of the rule's kind, filled with what somebody sent, if anybody did."""
    kind = TriggerForm if rule.kind == ContactRule.Kind.TRIGGER else CadenceForm
    return kind(data, instance=rule)


def _cents(amount: Decimal | None) -> int | None:
    return None if amount is None else int(amount * 100)
