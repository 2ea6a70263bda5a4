"""Forms for accounts and persons: sections of fields, and messages that say what would be right."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, ClassVar

from django import forms
from django.db.models import Q
from django.db.models.fields import BLANK_CHOICE_DASH
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.folding import digits
from accounts.models import Account, Acquaintance, ContactPerson, country_name
from crm.look.fields import DayInput as DayInput
from crm.team.models import Country, User
from crm.team.visibility import standing

Section = tuple[str | Promise, tuple[tuple[str, bool], ...]]
"""Title, and fields with whether each takes half of the width."""
WIDE, HALF = False, True

# How many digits a company's tax number has, by country, without the country's letters.
TAX_NUMBER_DIGITS: dict[str, tuple[int, ...]] = {
    Country.PL: (10,),
    Country.BG: (9, 13),
    Country.HU: (8, 11),
}


def valid_phone(number: str) -> str:
    """The number as typed. Raises ValidationError where it is none: letters, or fewer than five digits."""
    number = number.strip()
    if number and (len(digits(number)) < 5 or re.search(r"[^\d\s+().,/#x\-]", number)):
        raise forms.ValidationError(_("Write a phone number in digits, such as +48 600 100 201."))
    return number


class SectionedForm(forms.ModelForm):
    """A form in sections. `values` gives what was entered by attribute of the model, for the verbs."""

    sections: ClassVar[tuple[Section, ...]] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if isinstance(field, forms.TypedChoiceField) and not field.required:
                choices: list[Any] = list(field.choices)  # type: ignore[arg-type]
                if tuple(choices[0]) == BLANK_CHOICE_DASH[0]:  # a row of dashes says nothing
                    field.choices = [("", _("Not known")), *choices[1:]]

    def laid_out(self) -> Iterator[tuple[str | Promise, list[tuple[forms.BoundField, bool]]]]:
        """Sections with their bound fields; fields this user does not have are left out."""
        for title, fields in self.sections:
            present = [(self[name], half) for name, half in fields if name in self.fields]
            if present:
                yield title, present

    def _post_clean(self) -> None:
        """Leave the instance alone: verbs write it, and must see what stood there before."""

    def values(self) -> dict[str, Any]:
        """What was entered, by attribute of the model (`owner_id`)."""
        found = {}
        for name in self._meta.fields or ():
            if name in self.cleaned_data:
                column = self._meta.model._meta.get_field(name)
                value = self.cleaned_data[name]
                found[column.attname] = getattr(value, "pk", value) if column.is_relation else value
        return found


class AccountForm(SectionedForm):
    """What people may change of an account. Facts (tier, phase, sales) are other apps' and never here.

    The owner: a rep and a service agent do not hand accounts over; a manager does within the teams led; an admin to
    anybody (docs/domain.md, section 1). The code joins the account to its imports: only admins change it.
    """

    parent_code = forms.CharField(
        label=gettext_lazy("Parent account"),
        max_length=64,
        required=False,
        help_text=gettext_lazy("The number of the account this one is a site of."),
    )
    potential = forms.DecimalField(
        label=gettext_lazy("Potential, per year"),
        min_value=0,
        max_digits=14,
        decimal_places=2,
        required=False,
        localize=True,
        help_text=gettext_lazy("All they could buy of what we sell. Empty: unknown."),
    )

    sections = (
        (
            gettext_lazy("Who they are"),
            (
                ("name", WIDE),
                ("code", HALF),
                ("tax_number", HALF),
                ("country", HALF),
                ("city", HALF),
                ("address", HALF),
                ("postal_code", HALF),
                ("parent_code", HALF),
                ("owner", HALF),
            ),
        ),
        (
            gettext_lazy("How they are reached"),
            (("phone", HALF), ("email", HALF), ("website", HALF), ("language", HALF)),
        ),
        (
            gettext_lazy("What we want with them, and they of us"),
            (
                ("strategy_goal", HALF),
                ("service_level", HALF),
                ("character", HALF),
                ("expected_orders_per_year", HALF),
                ("potential", HALF),
                ("seasonal", WIDE),
                ("notes", WIDE),
            ),
        ),
    )

    class Meta:
        model = Account
        fields = (
            "name",
            "code",
            "tax_number",
            "country",
            "city",
            "address",
            "postal_code",
            "owner",
            "phone",
            "email",
            "website",
            "language",
            "strategy_goal",
            "service_level",
            "character",
            "expected_orders_per_year",
            "seasonal",
            "notes",
        )
        labels = {
            "name": gettext_lazy("Name"),
            "code": gettext_lazy("Number"),
            "tax_number": gettext_lazy("Tax number"),
            "country": gettext_lazy("Country"),
            "city": gettext_lazy("City"),
            "address": gettext_lazy("Street"),
            "postal_code": gettext_lazy("Postal code"),
            "owner": gettext_lazy("Owner"),
            "phone": gettext_lazy("Phone"),
            "email": gettext_lazy("E-mail"),
            "website": gettext_lazy("Website"),
            "language": gettext_lazy("Language"),
            "strategy_goal": gettext_lazy("Strategy goal"),
            "service_level": gettext_lazy("Service level they want"),
            "character": gettext_lazy("Character"),
            "expected_orders_per_year": gettext_lazy("Orders expected per year"),
            "seasonal": gettext_lazy("Buys in one season only"),
            "notes": gettext_lazy("Notes"),
        }
        help_texts = {"code": gettext_lazy("As in your ERP: purchases find the account by it.")}
        error_messages = {"name": {"required": gettext_lazy("An account needs a name.")}}
        widgets = {"notes": forms.Textarea(attrs={"rows": 4})}

    def __init__(self, *args: Any, editor: User, on: dt.date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.editor, self.on = editor, on
        account = self.instance
        self._lay_out_owner(account)
        if account.pk and not editor.is_admin:
            del self.fields["code"]
        if account.potential_cents:
            self.initial.setdefault("potential", Decimal(account.potential_cents) / 100)
        if account.parent_id:
            seen = Account.objects.visible_to(editor, on=on).filter(pk=account.parent_id)
            if (code := seen.values_list("code", flat=True).first()) is None:
                del self.fields["parent_code"]  # its parent is none of this user's business
            else:
                self.initial.setdefault("parent_code", code)
        self.fields["website"].widget.attrs["placeholder"] = "https://"
        self.fields["potential"].widget.attrs["inputmode"] = "decimal"

    def _lay_out_owner(self, account: Account) -> None:
        if self.editor.is_rep or self.editor.is_agent:
            del self.fields["owner"]
            return
        people = User.objects.filter(is_active=True)
        if self.editor.is_manager:
            led = standing(self.editor, on=self.on).led_team_ids
            people = people.filter(Q(team__in=led) | Q(pk=self.editor.pk))
        if account.owner_id:  # stays selectable, also when gone or in another team
            people = people | User.objects.filter(pk=account.owner_id)
        self.fields["owner"].queryset = people.order_by("name")  # type: ignore[attr-defined]
        self.fields["owner"].empty_label = _("Nobody")  # type: ignore[attr-defined]

    def clean_code(self) -> str:
        """The code, which no other account has. Raises ValidationError."""
        code = self.cleaned_data["code"].strip()
        if Account.objects.filter(code=code).exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError(_("Another account has the number %(code)s."), params={"code": code})
        return code

    def clean_phone(self) -> str:
        """As `valid_phone`."""
        return valid_phone(self.cleaned_data["phone"])

    def clean_parent_code(self) -> Account | None:
        """The parent account, which must be visible and not lie below this one. Raises ValidationError."""
        code = self.cleaned_data["parent_code"].strip()
        if not code:
            return None
        visible = Account.objects.visible_to(self.editor, on=self.on)
        parent = visible.filter(code=code).first()
        if parent is None:
            raise forms.ValidationError(
                _("No account you can see has the number %(code)s."), params={"code": code}
            )
        above: Account | None = parent
        passed = set()
        while above is not None and above.pk not in passed:
            if above.pk == self.instance.pk:
                raise forms.ValidationError(_("An account cannot be a site of itself or of its own sites."))
            passed.add(above.pk)
            above = above.parent
        return parent

    def clean(self) -> dict[str, Any]:
        """Check the tax number against its country."""
        cleaned = super().clean() or self.cleaned_data
        number, country = cleaned.get("tax_number") or "", cleaned.get("country") or ""
        wanted = TAX_NUMBER_DIGITS.get(country)
        if number and wanted and (has := len(digits(number))) not in wanted:
            self.add_error(
                "tax_number",
                forms.ValidationError(
                    _("A tax number in %(country)s has %(digits)s digits; this one has %(has)s."),
                    params={
                        "country": country_name(country),
                        "digits": _(" or ").join(str(one) for one in wanted),
                        "has": has,
                    },
                ),
            )
        return cleaned

    def values(self) -> dict[str, Any]:
        """As entered, with the potential in cents and the parent's id."""
        found = super().values()
        if "parent_code" in self.fields:
            parent = self.cleaned_data["parent_code"]
            found["parent_id"] = parent.pk if parent else None
        found["potential_cents"] = int((self.cleaned_data["potential"] or 0) * 100)
        return found


class PersonForm(SectionedForm):
    """A contact person, and how well the user who edits knows them."""

    known = forms.TypedChoiceField(
        label=gettext_lazy("How well do you know them?"),
        choices=[("", gettext_lazy("Not at all")), *Acquaintance.Strength.choices],
        coerce=int,
        empty_value=None,
        required=False,
    )

    sections = (
        (
            gettext_lazy("Who it is"),
            (
                ("name", HALF),
                ("position", HALF),
                ("buying_role", HALF),
                ("influence", HALF),
                ("known", HALF),
                ("left_on", HALF),
                ("is_main", WIDE),
            ),
        ),
        (
            gettext_lazy("How they are reached"),
            (
                ("phone", HALF),
                ("email", HALF),
                ("preferred_channel", HALF),
                ("language", HALF),
                ("preferred_times", WIDE),
            ),
        ),
        (gettext_lazy("Occasions"), (("birthday", HALF), ("name_day", HALF))),
        (
            gettext_lazy("Consents"),
            (
                ("consents_to_mail", WIDE),
                ("consents_to_calls", WIDE),
                ("consents_to_greetings", WIDE),
                ("consent_recorded_on", HALF),
            ),
        ),
    )

    class Meta:
        model = ContactPerson
        fields = (
            "name",
            "position",
            "buying_role",
            "influence",
            "is_main",
            "left_on",
            "phone",
            "email",
            "preferred_channel",
            "preferred_times",
            "language",
            "birthday",
            "name_day",
            "consents_to_mail",
            "consents_to_calls",
            "consents_to_greetings",
            "consent_recorded_on",
        )
        labels = {
            "name": gettext_lazy("Name"),
            "position": gettext_lazy("Position"),
            "buying_role": gettext_lazy("Part in buying"),
            "influence": gettext_lazy("Influence"),
            "is_main": gettext_lazy("First to contact"),
            "left_on": gettext_lazy("Left on"),
            "phone": gettext_lazy("Phone"),
            "email": gettext_lazy("E-mail"),
            "preferred_channel": gettext_lazy("Preferred channel"),
            "preferred_times": gettext_lazy("Preferred times and wishes"),
            "language": gettext_lazy("Language"),
            "birthday": gettext_lazy("Birthday"),
            "name_day": gettext_lazy("Name day"),
            "consents_to_mail": gettext_lazy("E-mail with news and offers"),
            "consents_to_calls": gettext_lazy("Calls"),
            "consents_to_greetings": gettext_lazy("Personal greetings"),
            "consent_recorded_on": gettext_lazy("Consent recorded on"),
        }
        help_texts = {
            "left_on": gettext_lazy("The last day at this account; empty as long as they are there."),
            "preferred_times": gettext_lazy("“First Tuesday, 10:00”, “e-mail only”."),
            "consent_recorded_on": gettext_lazy("Empty: today, when a consent is new."),
        }
        error_messages = {"name": {"required": gettext_lazy("A person needs a name.")}}
        widgets = {"left_on": DayInput(), "birthday": DayInput(), "consent_recorded_on": DayInput()}

    CONSENTS: ClassVar = ("consents_to_mail", "consents_to_calls", "consents_to_greetings")

    def __init__(self, *args: Any, on: dt.date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.on = on
        for name in ("left_on", "birthday", "consent_recorded_on"):
            self.fields[name].widget.attrs["max"] = on.isoformat()
        if self.instance.pk is None:
            del self.fields["left_on"]

    def clean_phone(self) -> str:
        """As `valid_phone`."""
        return valid_phone(self.cleaned_data["phone"])

    def clean_name_day(self) -> str:
        """Month and day. Raises ValidationError."""
        text = self.cleaned_data["name_day"].strip()
        if text:
            try:
                dt.date.fromisoformat(f"2024-{text}")
            except ValueError:
                raise forms.ValidationError(_("Write month and day: 03-19 for 19 March.")) from None
        return text

    def clean(self) -> dict[str, Any]:
        """No day in the future; a new consent without a day was given today; who left is not the first to contact."""
        cleaned = super().clean() or self.cleaned_data
        for name in ("left_on", "birthday", "consent_recorded_on"):
            if (day := cleaned.get(name)) and day > self.on:
                self.add_error(name, _("This day lies in the future."))
        if cleaned.get("left_on") and cleaned.get("is_main"):
            self.add_error(
                "is_main",
                _("Somebody who has left cannot be the first to contact. Choose somebody else first."),
            )
        new = any(cleaned.get(name) and not getattr(self.instance, name) for name in self.CONSENTS)
        if new and not cleaned.get("consent_recorded_on"):
            cleaned["consent_recorded_on"] = self.on
        return cleaned
