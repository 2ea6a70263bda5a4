"""Which column of the file holds which field."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from accounts.importing.reasons import ImportRefused
from accounts.importing.specs import FIELDS_OF
from accounts.importing.specs import FieldSpec as FieldSpec
from accounts.models.importing import ImportKind


def field_names(kind: ImportKind) -> tuple[str, ...]:
    """The names of the fields of a kind."""
    return tuple(spec.name for spec in FIELDS_OF[kind])


FIELDS = field_names(ImportKind.PURCHASES)


@dataclass(frozen=True)
class Preset:
    """How the files of one known source are read."""

    name: str
    kind: ImportKind
    mapping: Mapping[str, str]
    """Field -> name of the column."""
    codes_as_floats: frozenset[str] = field(default_factory=frozenset)
    """Fields whose codes the source writes as `17850.0`, meaning `17850`."""


PRESETS = {
    preset.name: preset
    for preset in (
        Preset(
            name="online-retail",
            kind=ImportKind.PURCHASES,
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


def parse_mapping(pairs: list[str], *, kind: ImportKind = ImportKind.PURCHASES) -> dict[str, str]:
    """`FIELD=COLUMN` texts as field -> column; an empty column means that the field is not read.

    Raises ImportRefused where one is no such pair or names no field, or a field is named twice.
    """
    fields = field_names(kind)
    mapping: dict[str, str] = {}
    for pair in pairs:
        name, separator, column = pair.partition("=")
        name = name.strip()
        if not separator or name not in fields:
            raise ImportRefused(
                _("--map %(pair)s: write FIELD=COLUMN, where FIELD is one of %(fields)s.")
                % {"pair": pair, "fields": ", ".join(fields)}
            )
        if name in mapping:
            raise ImportRefused(_("--map names the field %(field)s twice.") % {"field": name})
        mapping[name] = column.strip()
    return mapping


def find_columns(
    *,
    header: list[str],
    kind: ImportKind = ImportKind.PURCHASES,
    preset: str = "",
    mapping: Mapping[str, str] | None = None,
    header_line: int = 1,
) -> Columns:
    """Find the column of every field: `mapping` first, then the preset; without a preset by the field's own name.

    `preset` is a name in PRESETS, or empty; `mapping` is field -> column, where an empty column means that the field is
    not read. Names of columns are compared without regard to case, a field's own name also with spaces or hyphens for
    underscores. `header_line` is the line that messages name (`Table.header_line`). Raises ImportRefused where a column
    that is asked for or required is missing, or one that is used stands twice in the header.
    """
    known = sorted(name for name, its in PRESETS.items() if its.kind == kind)
    if preset and preset not in known:
        raise ImportRefused(
            _("There is no preset %(preset)s. Known: %(known)s.")
            % {"preset": preset, "known": ", ".join(known) or "–"}
        )
    asked = {**(PRESETS[preset].mapping if preset else {}), **(mapping or {})}
    places: dict[str, int] = {}
    for name in field_names(kind):
        if name in asked:
            if asked[name]:
                places[name] = _asked_place(header, name, asked[name], header_line)
        elif not preset:
            own = [i for i, column in enumerate(header) if re.sub(r"[\s-]+", "_", column.casefold()) == name]
            if own:
                places[name] = _only(header, own, header_line)
    _require(kind, header, places, header_line)
    return Columns(
        places=places,
        names={name: header[place] for name, place in places.items()},
        width=len(header),
        codes_as_floats=PRESETS[preset].codes_as_floats if preset else frozenset(),
    )


def _asked_place(header: list[str], name: str, column: str, line: int) -> int:
    found = [i for i, there in enumerate(header) if there == column]
    found = found or [i for i, there in enumerate(header) if there.casefold() == column.casefold()]
    if not found:
        raise ImportRefused(
            _("Line %(line)s has no column “%(column)s” for the field %(field)s. Its columns: %(columns)s.")
            % {"line": line, "column": column, "field": name, "columns": _listed(header)}
        )
    return _only(header, found, line)


def _only(header: list[str], found: list[int], line: int) -> int:
    if len(found) > 1:
        raise ImportRefused(
            _(
                "The column “%(column)s” stands twice in line %(line)s (as number %(first)s and %(second)s). "
                "Rename one."
            )
            % {"line": line, "column": header[found[0]], "first": found[0] + 1, "second": found[1] + 1}
        )
    return found[0]


def _require(kind: ImportKind, header: list[str], places: Mapping[str, int], line: int) -> None:
    missing = [spec.name for spec in FIELDS_OF[kind] if spec.required and spec.name not in places]
    remedy = _("Say which it is by --map %(first)s=COLUMN.")
    if kind == ImportKind.PURCHASES:
        remedy = _("Say which it is by --map %(first)s=COLUMN (amount may also be quantity and unit_price).")
        if "amount" not in places and not {"quantity", "unit_price"} <= places.keys():
            missing.append("amount")
    if missing:
        raise ImportRefused(
            _("Line %(line)s has no column for %(missing)s. Its columns: %(columns)s.")
            % {"line": line, "missing": ", ".join(missing), "columns": _listed(header)}
            + " "
            + remedy % {"first": missing[0]}
        )


def _listed(header: list[str]) -> str:
    shown = ", ".join(header[:40])
    return shown if len(shown) <= 500 else shown[:500] + "…"
