"""The fields that rows of each kind may have (docs/domain.md, section 10)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.importing.synonyms import SYNONYMS
from accounts.models import Account, Channel, ContactPerson, country_choices
from accounts.models.importing import ImportKind
from crm.team.models import Language

FieldType = Literal[
    "code", "text", "day", "month_day", "number", "integer", "choice", "yes_no", "email", "website", "currency",
    "tags",
]  # fmt: skip


@dataclass(frozen=True)
class FieldSpec:
    """One field that rows of a kind may have: how it is called, and what its texts become (`rows.RowReader`)."""

    name: str
    label: str | Promise
    type: FieldType
    required: bool = False
    synonyms: tuple[str, ...] = ()
    """Names of columns that ERPs give it, in five languages; see `guessing`."""
    help: str | Promise = ""
    longest: int = 0
    """Characters that can be kept; 0: as many as there are."""
    whole: int = 14
    """A number's digits before its decimal separator."""
    places: int = 6
    """A number's decimal places."""
    least: int | None = None
    most: int | None = None
    full_year: bool = False
    """Years of two digits are refused: nobody can tell 1955 from 2055."""
    choices: tuple[tuple[Any, Any], ...] = ()
    """(value, label); a text may be either."""


def _spec(kind: ImportKind, name: str, label: Any, type_: FieldType, **more: Any) -> FieldSpec:
    return FieldSpec(name=name, label=label, type=type_, synonyms=SYNONYMS[kind].get(name, ()), **more)


def _specs(
    kind: ImportKind, rows: Iterable[tuple[str, Any, FieldType, dict[str, Any]]]
) -> tuple[FieldSpec, ...]:
    return tuple(_spec(kind, name, label, type_, **more) for name, label, type_, more in rows)


_CODE = {"longest": 64}
_REQUIRED = {"required": True}
_KEY = _CODE | _REQUIRED
_BY_CODE_OR_MAIL = _("E-mail or sales code of one of us.")

_ACCOUNTS = _specs(
    ImportKind.ACCOUNTS,
    [
        ("code", _("Code"), "code", _KEY | {"help": _("The ERP’s customer number.")}),
        ("name", _("Name"), "text", _REQUIRED | {"longest": 200}),
        ("parent", _("Parent account"), "code", _CODE | {"help": _("Code of the company it is a site of.")}),
        ("owner", _("Owner"), "text", {"help": _BY_CODE_OR_MAIL}),
        ("country", _("Country"), "choice", {"choices": tuple(country_choices())}),
        ("city", _("City"), "text", {"longest": 80}),
        ("postal_code", _("Postal code"), "text", {"longest": 16}),
        ("address", _("Address"), "text", {"longest": 200}),
        ("phone", _("Phone"), "text", {"longest": 40}),
        ("email", _("E-mail"), "email", {"longest": 254}),
        ("website", _("Website"), "website", {"longest": 200}),
        ("tax_number", _("Tax number"), "text", {"longest": 32}),
        ("language", _("Language"), "choice", {"choices": tuple(Language.choices)}),
        ("notes", _("Notes"), "text", {}),
        ("strategy_goal", _("Strategy goal"), "choice", {"choices": tuple(Account.Goal.choices)}),
        ("service_level", _("Service level"), "choice", {"choices": tuple(Account.ServiceLevel.choices)}),
        ("character", _("Character"), "choice", {"choices": tuple(Account.Character.choices)}),
        ("seasonal", _("Seasonal"), "yes_no", {}),
        ("potential", _("Potential"), "number",
         {"places": 2, "least": 0, "help": _("Expected sales per year, in the base currency.")}),
        ("expected_orders_per_year", _("Expected orders per year"), "integer", {"least": 0, "most": 32767}),
        ("tags", _("Tags"), "tags",
         {"longest": 40, "help": _("Several are separated by commas or semicolons.")}),
    ],
)  # fmt: skip
_PERSONS = _specs(
    ImportKind.PERSONS,
    [
        ("account", _("Account"), "code", _KEY | {"help": _("Code of the account.")}),
        ("name", _("Name"), "text", _REQUIRED | {"longest": 120}),
        ("position", _("Position"), "text", {"longest": 120}),
        ("buying_role", _("Role in buying"), "choice", {"choices": tuple(ContactPerson.BuyingRole.choices)}),
        ("influence", _("Influence"), "choice", {"choices": tuple(ContactPerson.Influence.choices)}),
        ("phone", _("Phone"), "text", {"longest": 40}),
        ("email", _("E-mail"), "email", {"longest": 254}),
        ("preferred_channel", _("Preferred channel"), "choice", {"choices": tuple(Channel.choices)}),
        ("preferred_times", _("Preferred times and wishes"), "text", {"longest": 200}),
        ("language", _("Language"), "choice", {"choices": tuple(Language.choices)}),
        ("birthday", _("Birthday"), "day", {"full_year": True}),
        ("name_day", _("Name day"), "month_day", {"help": _("Month and day: 03-19, or 19.03.")}),
        ("consents_to_mail", _("Consents to e-mail"), "yes_no", {}),
        ("consents_to_calls", _("Consents to calls"), "yes_no", {}),
        ("consents_to_greetings", _("Consents to greetings"), "yes_no", {}),
        ("is_main", _("First to contact"), "yes_no", {}),
        ("left_on", _("Left on"), "day", {}),
    ],
)  # fmt: skip
_PRODUCTS = _specs(
    ImportKind.PRODUCTS,
    [
        ("code", _("Code"), "code", _KEY),
        ("name", _("Name"), "text", {"longest": 200}),
        ("line", _("Product line"), "text", {"longest": 80}),
        ("complexity", _("Complexity"), "integer",
         {"least": 1, "most": 5, "help": _("1 simple … 5 needs servicing")}),
        ("service_life_months", _("Service life in months"), "integer", {"least": 1, "most": 1200}),
    ],
)  # fmt: skip
_PURCHASES = _specs(
    ImportKind.PURCHASES,
    [
        ("account", _("Account"), "code", _KEY | {"help": _("Code of the account.")}),
        ("number", _("Number"), "code",
         _KEY | {"help": _("Of the invoice or order; rows with the same one are its lines.")}),
        ("ordered", _("Ordered"), "day", _REQUIRED),
        ("promised", _("Delivery promised"), "day", {}),
        ("delivered", _("Delivered"), "day", {}),
        ("due", _("Due"), "day", {}),
        ("paid", _("Paid"), "day", {}),
        ("currency", _("Currency"), "currency",
         {"help": _("EUR or the like; without one, the base currency.")}),
        ("amount", _("Amount"), "number",
         {"help": _("Net, of the line; or quantity and unit price.")}),
        ("product", _("Product"), "code", _CODE),
        ("description", _("Description"), "text", {"longest": 300}),
        ("quantity", _("Quantity"), "number", {"whole": 12, "places": 4}),
        ("unit_price", _("Unit price"), "number", {}),
        ("owner", _("Owner"), "text", {"help": _BY_CODE_OR_MAIL}),
    ],
)  # fmt: skip

FIELDS_OF: dict[ImportKind, tuple[FieldSpec, ...]] = {
    ImportKind.ACCOUNTS: _ACCOUNTS,
    ImportKind.PERSONS: _PERSONS,
    ImportKind.PRODUCTS: _PRODUCTS,
    ImportKind.PURCHASES: _PURCHASES,
}
"""The fields of each kind, in the order in which people are shown them."""
