"""Which column of the file holds which field of a purchase."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from accounts.importing.reasons import ImportRefused

FIELDS = (
    "account",
    "number",
    "ordered",
    "promised",
    "delivered",
    "due",
    "paid",
    "currency",
    "amount",
    "product",
    "description",
    "quantity",
    "unit_price",
    "owner",
)
REQUIRED = ("account", "number", "ordered")


@dataclass(frozen=True)
class Preset:
    """How the files of one known source are read."""

    name: str
    mapping: Mapping[str, str]
    """Field -> name of the column."""
    codes_as_floats: frozenset[str] = field(default_factory=frozenset)
    """Fields whose codes the source writes as `17850.0`, meaning `17850`."""


PRESETS = {
    preset.name: preset
    for preset in (
        Preset(
            name="online-retail",
            mapping={
                "account": "CustomerID",
                "number": "InvoiceNo",
                "ordered": "InvoiceDate",
                "product": "StockCode",
                "description": "Description",
                "quantity": "Quantity",
                "unit_price": "UnitPrice",
            },
            codes_as_floats=frozenset({"account"}),
        ),
    )
}


@dataclass(frozen=True)
class Columns:
    """Where the fields stand in a row."""

    places: Mapping[str, int]
    """Field -> index in the row; a field that the file does not have is missing."""
    names: Mapping[str, str]
    """Field -> name of the column."""
    width: int
    codes_as_floats: frozenset[str]


def parse_mapping(pairs: list[str]) -> dict[str, str]:
    """`FIELD=COLUMN` texts as field -> column; an empty column means that the field is not read.

    Raises ImportRefused where one is no such pair or names no field, or a field is named twice.
    """
    mapping: dict[str, str] = {}
    for pair in pairs:
        name, separator, column = pair.partition("=")
        name = name.strip()
        if not separator or name not in FIELDS:
            raise ImportRefused(
                _("--map %(pair)s: write FIELD=COLUMN, where FIELD is one of %(fields)s.")
                % {"pair": pair, "fields": ", ".join(FIELDS)}
            )
        if name in mapping:
            raise ImportRefused(_("--map names the field %(field)s twice.") % {"field": name})
        mapping[name] = column.strip()
    return mapping


def find_columns(*, header: list[str], preset: str, mapping: Mapping[str, str]) -> Columns:
    """Find the column of every field: `mapping` first, then the preset; without a preset by the field's own name.

    `preset` is a name in PRESETS, or empty. Names of columns are compared without regard to case, a field's own name
    also with spaces or hyphens for underscores. Raises ImportRefused where a column that is asked for or required is
    missing, or one that is used stands twice in the header.
    """
    if preset and preset not in PRESETS:
        raise ImportRefused(
            _("There is no preset %(preset)s. Known: %(known)s.")
            % {"preset": preset, "known": ", ".join(sorted(PRESETS))}
        )
    asked = {**(PRESETS[preset].mapping if preset else {}), **mapping}
    places: dict[str, int] = {}
    for name in FIELDS:
        if name in asked:
            if asked[name]:
                places[name] = _asked_place(header, name, asked[name])
        elif not preset:
            own = [i for i, column in enumerate(header) if re.sub(r"[\s-]+", "_", column.casefold()) == name]
            if own:
                places[name] = _only(header, own)
    _require(header, places)
    return Columns(
        places=places,
        names={name: header[place] for name, place in places.items()},
        width=len(header),
        codes_as_floats=PRESETS[preset].codes_as_floats if preset else frozenset(),
    )


def _asked_place(header: list[str], name: str, column: str) -> int:
    found = [i for i, there in enumerate(header) if there == column]
    found = found or [i for i, there in enumerate(header) if there.casefold() == column.casefold()]
    if not found:
        raise ImportRefused(
            _("Line 1 has no column “%(column)s” for the field %(field)s. Its columns: %(columns)s.")
            % {"column": column, "field": name, "columns": _listed(header)}
        )
    return _only(header, found)


def _only(header: list[str], found: list[int]) -> int:
    if len(found) > 1:
        raise ImportRefused(
            _(
                "The column “%(column)s” stands twice in line 1 (as number %(first)s and %(second)s). Rename one."
            )
            % {"column": header[found[0]], "first": found[0] + 1, "second": found[1] + 1}
        )
    return found[0]


def _require(header: list[str], places: Mapping[str, int]) -> None:
    missing = [name for name in REQUIRED if name not in places]
    if "amount" not in places and not {"quantity", "unit_price"} <= places.keys():
        missing.append("amount")
    if missing:
        raise ImportRefused(
            _(
                "Line 1 has no column for %(missing)s. Its columns: %(columns)s. "
                "Say which it is by --map %(first)s=COLUMN (amount may also be quantity and unit_price)."
            )
            % {"missing": ", ".join(missing), "columns": _listed(header), "first": missing[0]}
        )


def _listed(header: list[str]) -> str:
    shown = ", ".join(header[:40])
    return shown if len(shown) <= 500 else shown[:500] + "…"
