"""What whoever takes a call fills in: few fields are needed, everything else may stay empty (docs/domain.md, 6)."""

from __future__ import annotations

import re
import uuid as uuids
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db.models import Case, IntegerField, Q, Value, When
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Account, Channel, ContactPerson, Product, Purchase, PurchaseLine
from accounts.querysets import who_see
from complaints.filing import Filed
from complaints.models import ComplaintCategory, Kind
from crm.look.figures import SIGNS
from crm.team.models import User

CAME_BY = (Channel.PHONE, Channel.EMAIL, Channel.VISIT, Channel.VIDEO, Channel.LETTER)
RECENT_PURCHASES = 5
FOUND_PURCHASES = 8
MOST_LINES = 100
_OFFERED_PRODUCTS = 40
_OF_PURCHASES = 20
LONGEST_WORDS = 20_000
_MOST_CENTS = 10**13
_KEYS = "123456789"


def read_cents(text: str) -> int | None:
    """An amount in the base currency as people of any of our countries write it, in cents; None where nothing is said.

    The last point or comma with one or two figures behind it is the decimal sign; otherwise both stand between
    thousands, as do spaces and apostrophes. Raises ValueError for what is no amount.
    """
    sign = SIGNS.get(settings.BASE_CURRENCY, "")
    bare = re.sub(
        rf"(?:{re.escape(settings.BASE_CURRENCY)}|{re.escape(sign)})" if sign else "", "", text, flags=re.I
    )
    bare = re.sub(r"[\s'’\u00a0\u202f]", "", bare)
    if not bare:
        if text.strip():
            raise ValueError(text)
        return None
    found = re.fullmatch(r"([+−-]?)([\d.,]*\d)(?:[.,]-{1,2})?", bare)
    if not found:
        raise ValueError(text)
    figures = found[2]
    whole, decimals = figures, ""
    if cut := re.fullmatch(r"(.*)[.,](\d{1,2})", figures):
        whole, decimals = cut[1], cut[2]
    if re.search(r"[.,]", whole) and not re.fullmatch(r"\d{1,3}(?:([.,])\d{3})(?:\1\d{3})*", whole):
        raise ValueError(text)
    try:
        cents = int(Decimal(f"{re.sub('[.,]', '', whole) or '0'}.{decimals or '0'}") * 100)
    except InvalidOperation:
        raise ValueError(text) from None
    return -cents if found[1] in ("-", "−") else cents


class FilingForm(forms.Form):
    """A complaint or question about to be filed. `uuid` is the form's identity: sent twice, filed once.

    Without an account its persons, purchases and colleagues are not offered yet; all else can be typed already.
    """

    uuid = forms.UUIDField(widget=forms.HiddenInput)
    category = forms.ChoiceField(
        label=gettext_lazy("What is it about?"),
        widget=forms.RadioSelect,
        error_messages={
            "required": gettext_lazy("Choose what it is about."),
            "invalid_choice": gettext_lazy("This category is no longer in use; choose another."),
        },
    )
    words = forms.CharField(
        label=gettext_lazy("What the customer says"),
        max_length=LONGEST_WORDS,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": gettext_lazy("Write what the customer says.")},
    )
    subject = forms.CharField(label=gettext_lazy("In short"), required=False, max_length=160)
    wanted = forms.CharField(
        label=gettext_lazy("What they want"),
        required=False,
        max_length=5_000,
        widget=forms.Textarea(attrs={"rows": 1}),
    )
    channel = forms.ChoiceField(
        label=gettext_lazy("How it came"),
        required=False,
        choices=[(one.value, one.label) for one in CAME_BY],
        widget=forms.RadioSelect,
        initial=Channel.PHONE.value,
    )
    person = forms.ModelChoiceField(
        label=gettext_lazy("Who says so"),
        required=False,
        queryset=ContactPerson.objects.none(),
        empty_label=gettext_lazy("Nobody named"),
        error_messages={"invalid_choice": gettext_lazy("This person is not at the account any more.")},
    )
    purchase = forms.IntegerField(
        label=gettext_lazy("Purchase"),
        required=False,
        error_messages={"invalid": gettext_lazy("Choose one of the account's purchases.")},
    )
    purchase_find = forms.CharField(required=False, max_length=64)
    product = forms.CharField(label=gettext_lazy("Product"), required=False, max_length=200)
    batch = forms.CharField(label=gettext_lazy("Batch"), required=False, max_length=60)
    claim = forms.CharField(label=gettext_lazy("Claim"), required=False, max_length=40)
    answer_by = forms.DateTimeField(
        label=gettext_lazy("Answer by"),
        required=False,
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"],
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        error_messages={"invalid": gettext_lazy("Give a day and a time, such as 2026-10-13 14:00.")},
    )
    suspected_bad_faith = forms.BooleanField(
        label=gettext_lazy("Bad faith suspected"),
        required=False,
        help_text=gettext_lazy("A claim for gain without ground. A manager decides it."),
    )
    assignee = forms.ModelChoiceField(
        label=gettext_lazy("Who works on it"),
        required=False,
        queryset=User.objects.none(),
        error_messages={"invalid_choice": gettext_lazy("Choose a colleague who sees the account.")},
    )

    def __init__(self, *args: Any, account: Account | None, user: User, **kwargs: Any) -> None:
        """account: for whom it is filed; None where nobody knows yet."""
        kwargs["initial"] = {"uuid": uuids.uuid4()} | kwargs.get("initial", {})
        super().__init__(*args, **kwargs)
        self.account = account
        self.known = {one.code: one for one in ComplaintCategory.objects.filter(active=True)}
        fields: dict[str, Any] = self.fields
        fields["category"].choices = [(code, one.name) for code, one in self.known.items()]
        fields["claim"].widget.attrs["inputmode"] = "decimal"
        self.purchases: Sequence[Purchase] = ()
        self.lines: Sequence[PurchaseLine] = ()
        self.more_lines = False
        self.products: Sequence[Product] = ()
        if account is None:
            return
        fields["person"].queryset = account.persons.present()
        fields["assignee"].queryset = who_see(account)
        owner = account.owner
        fields["assignee"].empty_label = (
            _("The owner, %(name)s") % {"name": owner} if owner else _("I, nobody owns the account")
        )
        chosen = _number(self["purchase"].value())
        words = str(self["purchase_find"].value() or "")
        self.purchases = purchases_of(account, words=words, chosen=chosen)
        if any(one.pk == chosen for one in self.purchases):
            self.lines, self.more_lines = lines_of(account, chosen)
        self.products = products_of(account)

    # What the template draws ------------------------------------------------------------------------------------------
    def categories(self) -> list[dict[str, Any]]:
        """The categories as buttons, those of complaints first, each of the first nine with its key."""
        chosen = self["category"].value()
        return [
            {
                "value": one.code,
                "label": one.name,
                "kind": one.kind,
                "key": _KEYS[place] if place < len(_KEYS) else "",
                "checked": one.code == chosen,
            }
            for place, one in enumerate(self.known.values())
        ]

    @property
    def chosen_purchase(self) -> int | None:
        return _number(self["purchase"].value())

    @property
    def chosen_lines(self) -> set[int]:
        """Ids of the lines that are ticked."""
        given = (
            self.data.getlist("lines") if isinstance(self.data, QueryDict) else self.initial.get("lines", ())
        )
        return {number for number in map(_number, given) if number is not None}

    # What comes of it -------------------------------------------------------------------------------------------------
    def clean_claim(self) -> int | None:
        try:
            cents = read_cents(self.cleaned_data["claim"])
        except ValueError:
            raise ValidationError(_("Give an amount such as 1,234.50 or 1234,5.")) from None
        if cents is not None and cents < 0:
            raise ValidationError(_("A claim is an amount of 0 or more."))
        if cents is not None and cents > _MOST_CENTS:
            raise ValidationError(_("This is more than anybody ever claimed; look at the figure again."))
        return cents

    def clean_purchase(self) -> Purchase | None:
        pk = self.cleaned_data["purchase"]
        if pk is None or self.account is None:
            return None
        found = next((one for one in self.purchases if one.pk == pk), None)
        if found is None:
            raise ValidationError(_("This purchase belongs to another account."))
        return found

    def clean_product(self) -> Product | None:
        """By its code, else by its name where only one product is called so."""
        asked = self.cleaned_data["product"].strip()
        if not asked:
            return None
        found = list(Product.objects.filter(Q(code__iexact=asked) | Q(name__iexact=asked)).order_by("pk")[:3])
        by_code = [one for one in found if one.code == asked] or [
            one for one in found if one.code.lower() == asked.lower()
        ]
        if len(by_code or found) != 1:
            raise ValidationError(
                _("Several products are called “%(name)s”; give the code.") % {"name": asked}
                if found
                else _("No product has the code or name “%(name)s”.") % {"name": asked}
            )
        return (by_code or found)[0]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if self.account is None:
            self.add_error(None, _("Choose the account first: who complains?"))
        category = self.known.get(given.get("category", ""))
        if category is not None and category.kind == Kind.QUESTION:
            # Hidden then: what was typed before somebody chose "question" is no mistake to show.
            given["claim"], given["suspected_bad_faith"] = None, False
            self.errors.pop("claim", None)
            if not given.get("subject", "").strip() and "subject" not in self.errors:
                self.add_error("subject", _("Write what the question is about."))
        elif category is not None:
            given["answer_by"] = None
            self.errors.pop("answer_by", None)
        return given

    def filed(self) -> Filed:
        """The argument of `file_complaint`."""
        given = self.cleaned_data
        ticked = self.chosen_lines
        return Filed(
            category=self.known[given["category"]],
            words=given["words"],
            subject=given["subject"],
            wanted=given["wanted"],
            person=given["person"],
            channel=given["channel"],
            purchase=given["purchase"],
            # Lines of a purchase that was chosen before are not meant any more.
            lines=[line for line in self.lines if line.pk in ticked] if given["purchase"] else (),
            product=given["product"],
            batch=given["batch"],
            claim_cents=given["claim"],
            suspected_bad_faith=given["suspected_bad_faith"],
            answer_by=given["answer_by"],
            assignee=given["assignee"],
        )


def purchases_of(account: Account, *, words: str = "", chosen: int | None = None) -> list[Purchase]:
    """The newest purchases of an account, or those whose number has the words; the chosen one is always among them."""
    rows = account.purchases.order_by()
    if words.strip():
        rows = rows.filter(Q(number__icontains=words.strip()) | Q(pk=chosen or 0))
    first = Case(When(pk=chosen or 0, then=Value(0)), default=Value(1), output_field=IntegerField())
    most = FOUND_PURCHASES if words.strip() else RECENT_PURCHASES
    return list(rows.order_by(first, "-ordered_on", "-pk")[:most])


def lines_of(account: Account, purchase: int | None) -> tuple[list[PurchaseLine], bool]:
    """The lines of one purchase of the account, and whether it has more than are shown."""
    rows = PurchaseLine.objects.filter(purchase=purchase or 0, purchase__account=account).select_related(
        "product"
    )
    found = list(rows.order_by("position")[: MOST_LINES + 1])
    return found[:MOST_LINES], len(found) > MOST_LINES


def products_of(account: Account) -> list[Product]:
    """What the account bought of late, to choose from."""
    newest = list(
        account.purchases.order_by("-ordered_on", "-pk").values_list("pk", flat=True)[:_OF_PURCHASES]
    )
    bought = PurchaseLine.objects.filter(purchase__in=newest, product__isnull=False).values("product")
    return list(Product.objects.filter(pk__in=bought).order_by("code")[:_OFFERED_PRODUCTS])


def typed_in(given: QueryDict) -> dict[str, Any]:
    """What was typed so far, for a form that is shown again without being checked."""
    typed: dict[str, Any] = {name: given[name] for name in FilingForm.base_fields if name in given}
    return typed | {"lines": given.getlist("lines")}


def with_letter(typed: Mapping[str, Any], *, words: str, **found: Any) -> dict[str, Any]:
    """What was typed, with what a letter says where nothing was; its text goes below what was typed."""
    said = str(typed.get("words") or "").strip()
    parts = [part for part in (said, words) if part and part not in (words if part is said else said)]
    filled = {name: typed.get(name) or value for name, value in found.items() if value}
    return {**typed, **filled, "words": "\n\n".join(parts) or said, "channel": Channel.EMAIL.value}


def _number(value: Any) -> int | None:
    text = str(value or "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None
