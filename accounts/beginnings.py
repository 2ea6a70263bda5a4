"""What stands at the beginning of an uploaded file, how it is read, and which column may be which field.

Kept on the upload as JSON, so that its page never opens the file again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from accounts.importing import ImportRefused
from accounts.importing.fields import FIELDS_OF, FieldSpec
from accounts.importing.guessing import guess_mapping
from accounts.importing.reading import look_at
from accounts.importing.recognising import ReadingOptions
from accounts.importing.rejects import LINE, REASON
from accounts.models import ImportPreset
from accounts.models.importing import ImportKind

SAMPLE_ROWS = 8
LONGEST_CELL = 200  # characters
MOST_COLUMNS = 300


@dataclass(frozen=True)
class Beginning:
    """The beginning of a file, read in a certain way."""

    reading: dict[str, str] = field(default_factory=dict)
    """ReadingOptions as JSON: what somebody chose."""
    recognised: dict[str, Any] = field(default_factory=dict)
    """accounts.importing.recognising.Recognised as JSON."""
    header: list[str] = field(default_factory=list)
    sample: list[list[str]] = field(default_factory=list)
    """The first rows, their texts cut to LONGEST_CELL characters."""
    sheets: list[str] = field(default_factory=list)
    """Of a workbook."""
    problem: str = ""
    """Why it cannot be read this way, in words; then nothing else is known."""

    def as_json(self) -> dict[str, Any]:
        """For Upload.looked."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Beginning:
        """The opposite of as_json; of an empty dict an empty beginning."""
        return cls(**data)


def beginning_of(path: Path, *, reading: Mapping[str, str]) -> Beginning:
    """Open the file and read its first rows. A file that cannot be read gives a beginning with a problem."""
    try:
        look = look_at(path, ReadingOptions.from_json(reading))
    except ImportRefused as refusal:
        return Beginning(reading=dict(reading), problem=str(refusal))
    return Beginning(
        reading=dict(reading),
        recognised=look.recognised.as_json(),
        header=list(look.header[:MOST_COLUMNS]),
        sample=[[_cut(cell) for cell in row[:MOST_COLUMNS]] for row in look.sample[:SAMPLE_ROWS]],
        sheets=list(look.sheets),
    )


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_CELL else text[: LONGEST_CELL - 1] + "…"


# Which column holds what --------------------------------------------------------------------------------------------
def guessed(kind: str, beginning: Beginning) -> dict[str, str]:
    """Field -> column, as far as header and sample tell; for what is required the name of a column is enough.

    A few bad values at the beginning must not hide a column without which nothing can be imported.
    """
    if beginning.problem:
        return {}
    found = guess_mapping(kind=ImportKind(kind), header=beginning.header, sample=beginning.sample)
    if lacking := missing(kind, found):
        by_name = guess_mapping(kind=ImportKind(kind), header=beginning.header, sample=[])
        taken = set(found.values())
        found |= {
            spec.name: by_name[spec.name]
            for spec in lacking
            if spec.name in by_name and by_name[spec.name] not in taken
        }
    return found


def guessed_kind(beginning: Beginning) -> ImportKind:
    """What the rows are: the kind whose required fields are there and that uses most columns; else purchases.

    Only the names of the columns count: what stands in them would fit several kinds.
    """
    header = [] if beginning.problem else beginning.header
    found = {kind: guess_mapping(kind=kind, header=header, sample=[]) for kind in ImportKind}
    ready = [kind for kind in found if not missing(kind, found[kind])]
    # Of kinds that use equally many columns the one with fewer fields says more.
    return max(
        ready, key=lambda kind: (len(found[kind]), -len(FIELDS_OF[kind])), default=ImportKind.PURCHASES
    )


def missing(kind: str, mapping: Mapping[str, str]) -> list[FieldSpec]:
    """The fields without which nothing can be imported, and which have no column."""
    found = [spec for spec in FIELDS_OF[ImportKind(kind)] if spec.required and not mapping.get(spec.name)]
    if kind == ImportKind.PURCHASES and not mapping.get("amount"):
        parts = [spec for spec in FIELDS_OF[ImportKind.PURCHASES] if spec.name in {"quantity", "unit_price"}]
        if not all(mapping.get(spec.name) for spec in parts):
            found += [spec for spec in FIELDS_OF[ImportKind.PURCHASES] if spec.name == "amount"]
    return found


def fitting(kind: str, mapping: Mapping[str, str], header: Sequence[str]) -> dict[str, str]:
    """What of a mapping the kind and the header have, every other field as not read."""
    columns = set(header)
    return {
        spec.name: mapping[spec.name] if mapping.get(spec.name) in columns else ""
        for spec in FIELDS_OF[ImportKind(kind)]
    }


def preset_for(header: Sequence[str], *, kind: str = "") -> ImportPreset | None:
    """The newest preset made from a file with the same columns, or from one whose rejected rows these are."""
    columns = list(header[2:] if is_list_of_rejects(header) else header)
    presets = ImportPreset.objects.filter(header=columns)
    if kind:
        presets = presets.filter(kind=kind)
    return presets.order_by("-made_at", "-pk").first() if columns else None


def is_list_of_rejects(header: Sequence[str]) -> bool:
    """Whether these are the columns of a list of rejected rows."""
    return [column.casefold() for column in header[:2]] == [LINE, REASON]


def reading_of(preset: ImportPreset, header: Sequence[str]) -> dict[str, str]:
    """How a file with these columns is read by a preset: a list of rejected rows is written as we write it."""
    ours = {"encoding", "delimiter", "sheet"} if is_list_of_rejects(header) else set()
    return {name: value for name, value in preset.reading.items() if name not in ours}
