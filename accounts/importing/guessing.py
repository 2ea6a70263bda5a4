"""Which column is likely to hold which field: a proposal that people confirm, never a decision."""

from __future__ import annotations

import re
from collections.abc import Sequence

from accounts.folding import fold
from accounts.importing.fields import FIELDS_OF
from accounts.models.importing import ImportKind


def guess_mapping(
    *, kind: ImportKind, header: Sequence[str], sample: Sequence[Sequence[str]]
) -> dict[str, str]:
    """Field -> column, as far as the header and some rows (`Look.sample`) tell.

    No column is given to two fields, and a field is left out rather than guessed badly; so required ones may be
    missing. The names are those of the header and fit `find_columns(mapping=...)`.
    """
    taken: dict[str, str] = {}
    for spec in FIELDS_OF[kind]:
        names = {_plain(spec.name), *map(_plain, spec.synonyms)}
        found = [column for column in header if _plain(column) in names and column not in taken.values()]
        if len(found) == 1:
            taken[spec.name] = found[0]
    return taken


def _plain(name: str) -> str:
    return re.sub(r"[\W_]+", " ", fold(name)).strip()
