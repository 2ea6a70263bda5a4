"""One row of the grid in which a whole day is logged (docs/domain.md, 5.4)."""

from __future__ import annotations

import datetime as dt
import re
import uuid as uuids
from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Account, Channel
from contacts.forms import MADE, DayInput
from contacts.models import FollowUp, Outcome
from contacts.why import Why

NAMED = 3
"""So many accounts are named where a text finds several."""
_CODE = re.compile(r"\(([^()]+)\)\s*$")


class DayForm(forms.Form):
    """The day that the whole grid is about."""

    day = forms.DateField(label=gettext_lazy("Day"), widget=DayInput())


class DayRowForm(forms.Form):
    """One contact of the day: with a follow-up, or with an account that is typed. Without an outcome it was not made.

    uuid is the row's own identity: sent twice, logged once.
    """

    uuid = forms.UUIDField(widget=forms.HiddenInput)
    account = forms.CharField(
        label=gettext_lazy("Account"),
        required=False,
        max_length=200,
        widget=forms.TextInput(
            attrs={
                "list": "own-accounts",
                "autocomplete": "off",
                "placeholder": gettext_lazy("Name or number"),
            }
        ),
    )
    channel = forms.ChoiceField(label=gettext_lazy("Channel"), choices=MADE)
    outcome = forms.ChoiceField(
        label=gettext_lazy("Outcome"),
        required=False,
        choices=[("", gettext_lazy("not made")), *Outcome.choices],
    )
    minutes = forms.IntegerField(
        label=gettext_lazy("Minutes"),
        min_value=0,
        max_value=1440,
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
        error_messages={
            "required": gettext_lazy("How many minutes did it take?"),
            "invalid": gettext_lazy("Give whole minutes, such as 15."),
        },
    )
    person = forms.ChoiceField(label=gettext_lazy("With"), required=False)
    note = forms.CharField(
        label=gettext_lazy("Note"),
        required=False,
        max_length=10_000,
        widget=forms.Textarea(attrs={"rows": 1, "placeholder": gettext_lazy("Note")}),
    )

    def __init__(
        self,
        data: Any = None,
        *,
        key: str,
        follow_up: FollowUp | None = None,
        persons: Sequence[tuple[int, str]] = (),
        accounts: QuerySet[Account] | None = None,
        why: Why | None = None,
    ) -> None:
        """key: the row's name in the form. persons: (id, name) of those at the follow-up's account, the main one first.

        accounts: among which a typed one is looked for; needed where there is no follow-up. why: the reason to show.
        """
        self.key, self.follow_up, self.accounts, self.why = key, follow_up, accounts, why
        self.found: Account | None = follow_up.account if follow_up is not None else None
        now: dict[str, Any] = {"uuid": uuids.uuid4(), "minutes": 15, "channel": Channel.PHONE}
        if follow_up is not None:
            person = follow_up.person_id or (persons[0][0] if persons else "")
            now |= {"minutes": follow_up.minutes, "channel": follow_up.channel, "person": person}
        super().__init__(data, prefix=key, initial=now)
        if follow_up is not None:
            del self.fields["account"]
        if persons:
            choices: Any = [("", _("nobody")), *persons]
            self.fields["person"].choices = choices  # type: ignore[attr-defined]
        else:
            del self.fields["person"]
        for field in self.fields.values():
            about = self.found.name if self.found is not None else _("another contact")
            # Translators: names one field of the grid for who does not see it: "Outcome: Acme"
            words = _("%(field)s: %(account)s") % {"field": field.label, "account": about}
            field.widget.attrs["aria-label"] = words

    @property
    def is_filled(self) -> bool:
        """Whether somebody wrote in this row what happened: an untouched one is left alone."""
        names = ("outcome", "account", "note")
        return any(str(self.data.get(self.add_prefix(name), "")).strip() for name in names)

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if not given.get("outcome") and "outcome" not in self.errors:
            self.add_error("outcome", _("Pick what the contact brought."))
        if self.follow_up is None and "account" not in self.errors:
            try:
                self.found = self._find(given.get("account", ""))
            except ValidationError as unknown:
                self.add_error("account", unknown)
        return given

    def _find(self, text: str) -> Account:
        """The account that is meant by what the list offers, a number, or a text that finds only one."""
        assert self.accounts is not None
        text = text.strip()
        if not text:
            raise ValidationError(_("With whom?"))
        offered = _CODE.search(text)
        codes = {text, offered.group(1)} if offered else {text}
        exact = list(self.accounts.filter(code__in=codes)[:2])
        if len(exact) == 1:
            return exact[0]
        found = list(self.accounts.search(text).order_by("-sales_12m_cents", "code")[: NAMED + 1])  # type: ignore[attr-defined]
        if not found:
            raise ValidationError(_("No account of this name or number."))
        if len(found) > 1:
            names = ", ".join(f"{one.name} ({one.code})" for one in found[:NAMED])
            raise ValidationError(_("Several are called so: %(names)s. Write the number.") % {"names": names})
        return found[0]

    def log_values(self, *, day: dt.date) -> dict[str, Any]:
        """The arguments of `log_contact` that the row gives."""
        given = self.cleaned_data
        assert self.found is not None
        persons = list(self.found.persons.filter(pk=given["person"])) if given.get("person") else []
        return {
            "account": self.found,
            "follow_up": self.follow_up,
            "uuid": given["uuid"],
            "day": day,
            "persons": persons,
        } | {name: given[name] for name in ("channel", "outcome", "minutes", "note")}
