"""The form by which what was filed is corrected."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import ContactPerson, Product, Purchase, PurchaseLine
from complaints.filing_form import products_of, purchases_of
from complaints.models import Complaint
from complaints.page_forms import AmountField, RefusableForm
from complaints.workflow import About


class WordsField(forms.CharField):
    """A text of several lines. How a browser ends its lines is no change of it."""

    def has_changed(self, initial: Any, data: Any) -> bool:
        return str(initial or "").strip().splitlines() != str(data or "").strip().splitlines()


class CorrectionForm(RefusableForm):
    """What a complaint is about. `initial` is what somebody saw (`About.plain`): what differs from it was typed."""

    purchase = forms.CharField(
        label=gettext_lazy("Purchase"),
        required=False,
        max_length=64,
        help_text=gettext_lazy("Its number; empty for none."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "list": "purchases"}),
    )
    product = forms.ModelChoiceField(
        label=gettext_lazy("Product"),
        required=False,
        queryset=Product.objects.none(),
        empty_label=gettext_lazy("None"),
        help_text=gettext_lazy("With another purchase it becomes that of its first line."),
        error_messages={"invalid_choice": gettext_lazy("The purchase has no line of this product.")},
    )
    batch = forms.CharField(label=gettext_lazy("Batch"), required=False, max_length=60)
    claim = AmountField(label=gettext_lazy("Claim"))
    subject = forms.CharField(label=gettext_lazy("In short"), required=False, max_length=160)
    wanted = WordsField(
        label=gettext_lazy("What they want"),
        required=False,
        max_length=5_000,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    person = forms.ModelChoiceField(
        label=gettext_lazy("Who complained"),
        required=False,
        queryset=ContactPerson.objects.none(),
        empty_label=gettext_lazy("Nobody named"),
        error_messages={"invalid_choice": gettext_lazy("This person is not at the account any more.")},
    )
    suspected_bad_faith = forms.BooleanField(
        label=gettext_lazy("Bad faith suspected"),
        required=False,
        help_text=gettext_lazy("A claim for gain without ground. A manager decides it."),
    )

    def __init__(self, *args: Any, complaint: Complaint, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.complaint = complaint
        fields: dict[str, Any] = self.fields
        if complaint.is_question:
            del fields["claim"], fields["suspected_bad_faith"]
        account = complaint.account
        # Whoever is filed already stays to be chosen, though they have left.
        present = Q(left_on__isnull=True, merged_into__isnull=True) | Q(pk=complaint.person_id or 0)
        fields["person"].queryset = account.persons.filter(present)
        self.recent = purchases_of(account)
        self.named = self._named(str(self["purchase"].value() or ""))
        if self.named is not None:
            bought = PurchaseLine.objects.filter(purchase=self.named, product__isnull=False).values("product")
            offered = Q(pk__in=bought)
        else:
            offered = Q(pk__in=[one.pk for one in products_of(account)])
        fields["product"].queryset = Product.objects.filter(
            offered | Q(pk=complaint.product_id or 0)
        ).order_by("code")

    def _named(self, number: str) -> Purchase | None:
        """The purchase of the account with this number; as it is written, else however its letters are."""
        rows = (
            list(self.complaint.account.purchases.filter(number__iexact=number.strip())[:2]) if number else []
        )
        return next((one for one in rows if one.number == number.strip()), rows[0] if rows else None)

    def clean_purchase(self) -> Purchase | None:
        typed: str = self.cleaned_data["purchase"]
        if typed and self.named is None:
            raise ValidationError(_("The account has no purchase “%(number)s”.") % {"number": typed})
        return self.named

    def clean_wanted(self) -> str:
        typed: str = self.cleaned_data["wanted"]
        return typed if "wanted" in self.changed_data else self.initial["wanted"]

    @property
    def about(self) -> About:
        """What was typed; of a valid form."""
        given = {"claim": None, "suspected_bad_faith": False} | self.cleaned_data  # a question has neither
        if "purchase" in self.changed_data and "product" not in self.changed_data and given["purchase"]:
            given["product"] = None  # that of the purchase before; the new one's first line says
        return About(**given)

    def kept_up(self, now: About) -> CorrectionForm:
        """The same, once somebody has saved meanwhile: what was typed stays, all else is as it is filed by now."""
        typed = {name: self[name].value() for name in self.changed_data}
        return CorrectionForm(complaint=self.complaint, initial=now.plain() | typed)
