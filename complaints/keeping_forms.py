"""Forms by which an admin keeps service levels and the policy. They check the shape; the verbs say what may be."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from complaints.clock import Level
from complaints.errors import BadInput
from complaints.levels import minutes_in
from complaints.models import ComplaintPolicy, Kind
from complaints.page_forms import AmountField, RefusableForm
from complaints.wording import working_words
from crm.look.figures import currency


class WorkingTimeField(forms.Field):
    """Working time as people write it, "4 h". Gives minutes."""

    def __init__(self, **given: Any) -> None:
        widget = forms.TextInput(attrs={"autocomplete": "off", "size": 10, "maxlength": 40})
        super().__init__(**{"widget": widget, **given})

    def to_python(self, value: Any) -> int | None:
        """Minutes; None where nothing was written. Raises ValidationError for what is no time."""
        text = str(value or "").strip()
        if not text:
            return None
        try:
            return minutes_in(text)
        except BadInput as problem:
            raise ValidationError(str(problem)) from None


class LevelForm(RefusableForm):
    """First response and resolution of one tier and category."""

    response = WorkingTimeField(
        label=_("First response within"), help_text=_("Working time: 90 min, 1.5 h, 2 d. A day has 8 hours.")
    )
    resolution = WorkingTimeField(
        label=_("Resolved within"), help_text=_("While we wait for the customer, the clock stands.")
    )

    @staticmethod
    def written(level: Level) -> dict[str, str]:
        """A level as the form shows it."""
        return {
            "response": working_words(level.response, units=3),
            "resolution": working_words(level.resolution, units=3),
        }

    @property
    def level(self) -> Level:
        """What was written; of a valid form."""
        return Level(self.cleaned_data["response"], self.cleaned_data["resolution"])


class NamedForm(RefusableForm):
    """The name of a category or a cause; the verb says what may be."""

    name = forms.CharField(
        label=_("Name"),
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.initial.get("name"):  # a new row has no past
            self.fields["name"].help_text = _("A new name holds in the past too.")


class CategoryForm(NamedForm):
    """A category; its kind is said once, when it is made."""

    kind = forms.ChoiceField(
        label=_("Of"), choices=Kind.choices, initial="complaint", widget=forms.RadioSelect
    )


class CauseForm(NamedForm):
    """A root cause."""

    product_fault = forms.BooleanField(
        required=False,
        label=_("Fault of a product or batch"),
        help_text=_("Then the other accounts that bought it are listed, to be told before they complain."),
    )


class PolicyForm(RefusableForm):
    """The terms of a new version of the complaint policy, and why it is made."""

    MONEY = ("auto_accept_cents", "second_person_cents")

    auto_accept_cents = AmountField(
        required=True,
        label=_("Advise to accept claims up to"),
        help_text=_("Where nothing speaks against it. 0: only claims of nothing."),
    )
    second_person_cents = AmountField(
        required=True,
        label=_("A second person approves amounts above"),
        help_text=_("A manager or an admin, and nobody the own decision."),
    )
    frequent_count = forms.IntegerField(
        min_value=2,
        max_value=1000,
        label=_("Frequent: this many complaints"),
        help_text=_("Then the manager decides. The one at hand counts too."),
    )
    frequent_months = forms.IntegerField(min_value=1, max_value=60, label=_("Within this many months"))
    similar_months = forms.IntegerField(
        min_value=1,
        max_value=60,
        label=_("Similar complaints of the last months"),
        help_text=_("How they were decided stands beside the advice."),
    )
    contact_after_days = forms.IntegerField(
        min_value=0,
        max_value=60,
        label=_("“Was it solved?” so many working days after closing"),
        help_text=_("0: nobody asks."),
    )
    note = forms.CharField(
        required=False,
        max_length=200,
        label=_("Why it is changed"),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    based_on = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in self.MONEY:  # of the form alone: what has changed says its currency with each amount
            field = self.fields[name]
            field.label = _("%(label)s, %(currency)s") % {"label": field.label, "currency": currency()}

    @staticmethod
    def written(policy: ComplaintPolicy) -> dict[str, Any]:
        """A version as the form shows it."""
        values = {name: getattr(policy, name) for name in ComplaintPolicy.TERMS}
        for name in PolicyForm.MONEY:
            whole, cents = divmod(values[name], 100)
            values[name] = f"{whole}.{cents:02d}" if cents else str(whole)
        return {**values, "based_on": policy.version}

    @property
    def terms(self) -> dict[str, int]:
        """What was written; of a valid form."""
        return {name: self.cleaned_data[name] for name in ComplaintPolicy.TERMS}
