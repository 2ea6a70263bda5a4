"""How a file is written: what was asked of its reader, and what was recognised from its content."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, ClassVar

from django.utils.translation import gettext as _

from accounts.importing.reasons import ImportRefused

ENCODING_NAMES = {
    "utf-8": "UTF-8",
    "utf-16-le": "UTF-16 LE",
    "utf-16-be": "UTF-16 BE",
    "cp1250": "Windows-1250",
    "cp1251": "Windows-1251",
    "cp1252": "Windows-1252",
    "iso-8859-2": "ISO 8859-2",
}
"""As people know them."""


@dataclass(frozen=True)
class ReadingOptions:
    """How a file is to be read. An empty one is recognised from the file's content.

    Raises ImportRefused where one is not among its CHOICES. `sheet` is the name of a sheet of a workbook.
    """

    encoding: str = ""
    delimiter: str = ""
    decimal: str = ""
    dates: str = ""
    """In which order 01/02/26 names day, month and year; dates with a year of four digits in front need none."""
    sheet: str = ""

    CHOICES: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "encoding": tuple(ENCODING_NAMES),
        "delimiter": (",", ";", "\t", "|"),
        "decimal": ("point", "comma"),
        "dates": ("dmy", "mdy", "ymd"),
    }

    def __post_init__(self) -> None:
        for name, known in self.CHOICES.items():
            value = getattr(self, name)
            if value and value not in known:
                raise ImportRefused(
                    _("%(name)s “%(value)s” is not known. Known: %(known)s.")
                    % {"name": name, "value": value, "known": " ".join(map(repr, known))}
                )
        if not isinstance(self.sheet, str):
            raise ImportRefused(_("sheet must be the name of a sheet."))

    def as_json(self) -> dict[str, str]:
        """What was asked, without what is to be recognised; as ImportPreset.reading and Upload.reading keep it."""
        return {name: value for name, value in asdict(self).items() if value}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> ReadingOptions:
        """The opposite of `as_json`; what is missing is empty. Raises ImportRefused for what it does not know."""
        if unknown := sorted(set(data) - {field.name for field in fields(cls)}):
            raise ImportRefused(_("There is no reading option %(name)s.") % {"name": unknown[0]})
        return cls(**data)


@dataclass
class Recognised:
    """How a file turned out to be written. Filled while it is read: an encoding may be told only by the last line."""

    format: str = "csv"
    """csv or xlsx."""
    compressed: bool = False
    encoding: str = ""
    """As in ReadingOptions; ascii as long as nothing else was needed. Empty for a workbook."""
    delimiter: str = ""
    decimal: str = ""
    """point, comma, mixed, or empty where no number told. Only `look_at` and `Habits` know it."""
    dates: str = ""
    """dmy, mdy, mixed, or empty where no date needed it. Only `look_at` and `Habits` know it."""
    dates_assumed: bool = False
    """True: nothing told, dmy is assumed."""
    number_assumed: str = ""
    """The first number such as 1.250, where nothing told: its point is taken for the decimal sign."""
    sheet: str = ""
    header_line: int = 1

    def as_json(self) -> dict[str, Any]:
        """For summaries and pages."""
        return asdict(self)
