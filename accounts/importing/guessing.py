"""Which column is likely to hold which field: a proposal that people confirm, never a decision."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from accounts.folding import fold
from accounts.importing.fields import FIELDS_OF, Columns, FieldSpec
from accounts.importing.habits import Habits
from accounts.importing.reasons import BadValue
from accounts.importing.rows import RowReader
from accounts.importing.values import DayOrder, NumberStyle, day_of_serial, read_day, read_number
from accounts.models.importing import ImportKind

_OWN_NAME, _SYNONYM, _SHORTENED, _CONTAINS = 100.0, 90.0, 70.0, 50.0
_SHORTEST = 3  # letters of a word that was cut off
_MOST_EXTRA_WORDS = 2
_FITTING = 0.8  # share of a column's texts that must be what the field needs
_ENOUGH = 3  # texts without which a column's content alone says nothing

_NUMBER_WORDS = frozenset(["no", "nr", "num", "number", "numer", "nummer", "номер", "szam", "szama", "#"])
_NET_ONLY = frozenset(
    [
        "gross",
        "brutto",
        "бруто",
        "vat",
        "tax",
        "ддс",
        "afa",
        "mwst",
        "ust",
        "podatek",
        "rabat",
        "discount",
        "отстъпка",
    ]
)
_NO_CODE = frozenset(
    [
        "name",
        "nazwa",
        "nev",
        "neve",
        "име",
        "наименование",
        "bezeichnung",
        "description",
        "opis",
        "описание",
        "megnevezes",
        "address",
        "adres",
        "city",
        "miasto",
        "град",
        "type",
        "typ",
        "тип",
        "group",
        "grupa",
        "група",
        "mail",
        "email",
        "phone",
        "telefon",
        "телефон",
        "date",
        "data",
        "datum",
        "дата",
        "datuma",
        "kelte",
        "status",
        "статус",
        "nip",
        "vat",
        "tax",
        "еик",
        "country",
        "kraj",
        "uwagi",
        "notes",
    ]
)
# A column whose name holds one of these words is not the field, whatever else it holds.
_FOREIGN = {"amount": _NET_ONLY, "unit_price": _NET_ONLY}
_CURRENCIES = frozenset(
    [
        "EUR",
        "PLN",
        "BGN",
        "HUF",
        "USD",
        "GBP",
        "CZK",
        "RON",
        "CHF",
        "SEK",
        "DKK",
        "NOK",
        "UAH",
        "RSD",
        "TRY",
        "HRK",
        "MKD",
    ]
)
_MONEY = re.compile(r".*\d[.,]\d{2}(?!\d).*")


@dataclass
class _Column:
    name: str
    words: list[str]
    texts: list[str]
    """Those of the sample that are not empty."""


def guess_mapping(
    *, kind: ImportKind, header: Sequence[str], sample: Sequence[Sequence[str]]
) -> dict[str, str]:
    """Field -> column, as far as the header and some rows (`Look.sample`) tell.

    No column is given to two fields, and a field is left out rather than guessed badly; so required ones may be
    missing. The names are those of the header and fit `find_columns(mapping=...)`.
    """
    often = Counter(name.casefold() for name in header)
    columns = [
        _Column(
            name, _words(name), [text for row in sample if place < len(row) and (text := row[place].strip())]
        )
        for place, name in enumerate(header)
        if name.strip() and often[name.casefold()] == 1
    ]
    specs = FIELDS_OF[kind]
    taken = _by_name(kind, specs, columns)
    _by_content(specs, columns, taken)
    return {spec.name: taken[spec.name].name for spec in specs if spec.name in taken}


def _by_name(kind: ImportKind, specs: Sequence[FieldSpec], columns: Sequence[_Column]) -> dict[str, _Column]:
    """The best pairs first; a field whose best two columns are equally good gets none."""
    pairs = [
        (score, spec, column)
        for spec in specs
        for column in columns
        if (score := _score(spec, column)) and _fits(kind, spec, column.texts)
    ]
    pairs.sort(key=lambda pair: -pair[0])
    taken: dict[str, _Column] = {}
    doubtful = set()
    for score, spec, column in pairs:
        if spec.name in taken or spec.name in doubtful or column in taken.values():
            continue
        rivals = [
            other for at, one, other in pairs if one is spec and at == score and other not in taken.values()
        ]
        if len(rivals) > 1:
            doubtful.add(spec.name)
        else:
            taken[spec.name] = column
    return taken


# Names --------------------------------------------------------------------------------------------------------------
@lru_cache(maxsize=4096)
def _plain(name: str) -> tuple[str, ...]:
    apart = re.sub(r"(?<=[^\W\d_A-ZА-Я])(?=[A-ZА-Я])", " ", name)  # CustomerID, InvoiceNo
    words = re.findall(r"[^\W_]+|#", fold(apart))
    return tuple("nr" if word in _NUMBER_WORDS else word for word in words)


def _words(name: str) -> list[str]:
    return list(_plain(name))


def _score(spec: FieldSpec, column: _Column) -> float:
    """How well the column's name fits the field; 0: not at all."""
    if _plain(column.name) == _plain(spec.name):
        return _OWN_NAME
    together = "".join(column.words)
    best = 0.0
    for rank, synonym in enumerate(spec.synonyms):
        words = _plain(synonym)
        if "".join(words) == together:
            return _SYNONYM - rank / 10
        if "." in column.name and _shortens(column.words, words):
            best = max(best, _SHORTENED - rank / 100)
        extra = len(column.words) - len(words)
        if len(words) > 1 and 0 < extra <= _MOST_EXTRA_WORDS and set(words) <= set(column.words):
            best = max(best, _CONTAINS + 5 * len(words) - 5 * extra - rank / 100)
    foreign = _NO_CODE if spec.type == "code" else _FOREIGN.get(spec.name, frozenset())
    return 0.0 if foreign & set(column.words) else best


def _shortens(short: Sequence[str], whole: Sequence[str]) -> bool:
    """Whether words are the others, some of them cut off: Termin płatn. for termin płatności."""
    return len(short) == len(whole) and all(
        one == other or (len(one) >= _SHORTEST and other.startswith(one))
        for one, other in zip(short, whole, strict=True)
    )


# Content ------------------------------------------------------------------------------------------------------------
def _share(texts: Sequence[str], fits: Callable[[str], bool]) -> float:
    return sum(map(fits, texts)) / len(texts)


def _fits(kind: ImportKind, spec: FieldSpec, texts: Sequence[str]) -> bool:
    """Whether most texts may be values of the field; without any, they may."""
    if not texts:
        return True
    if spec.type == "day":
        return _share(texts, _is_day) >= _FITTING
    if spec.type == "number":
        return _share(texts, _is_number) >= _FITTING
    if spec.type == "code":
        return _share(texts, lambda text: len(text) <= 32 and text.count(" ") <= 1) >= _FITTING
    if spec.name in ("name", "city", "position"):
        return _share(texts, lambda text: any(letter.isalpha() for letter in text)) >= 0.5
    if spec.type in ("integer", "choice", "yes_no", "email", "currency", "month_day", "website"):
        columns = Columns(places={spec.name: 0}, names={}, width=1, codes_as_floats=frozenset())
        reader = RowReader(kind=kind, columns=columns, habits=Habits())
        return _share(texts, lambda text: _can_be_read(reader, text)) >= 0.5
    return True


def _can_be_read(reader: RowReader, text: str) -> bool:
    try:
        reader.read([text])
    except BadValue:
        return False
    return True


def _is_day(text: str) -> bool:
    if day_of_serial(text):
        return True
    for order in (DayOrder.DAY_FIRST, DayOrder.MONTH_FIRST, DayOrder.YEAR_FIRST):
        try:
            read_day(text, order)
        except BadValue:
            continue
        return True
    return False


def _is_number(text: str) -> bool:
    try:
        read_number(text, NumberStyle.COMMA, whole=14, places=12)
    except BadValue:
        return False
    return True


def _by_content(specs: Sequence[FieldSpec], columns: Sequence[_Column], taken: dict[str, _Column]) -> None:
    """Give fields that no name fits the one column that can be nothing else."""
    fields = {spec.name for spec in specs}
    tests: list[tuple[str, Callable[[str], bool]]] = [
        ("email", lambda text: re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", text) is not None),
        ("currency", lambda text: text in _CURRENCIES),
    ]
    if not {"ordered", "promised", "delivered", "due", "paid"} & taken.keys():
        tests.append(("ordered", _is_day))
    if not {"quantity", "unit_price"} & taken.keys():
        tests.append(("amount", lambda text: _MONEY.fullmatch(text) is not None and _is_number(text)))
    for name, test in tests:
        if name not in fields or name in taken:
            continue
        found = [
            column
            for column in columns
            if column not in taken.values()
            and len(column.texts) >= _ENOUGH
            and not _FOREIGN.get(name, frozenset()) & set(column.words)
            and _share(column.texts, test) >= _FITTING
        ]
        if len(found) == 1:
            taken[name] = found[0]
