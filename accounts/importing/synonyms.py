"""How ERPs call the fields, in English, Polish, Bulgarian, Hungarian and German."""

from __future__ import annotations

from accounts.models.importing import ImportKind

SYNONYMS: dict[ImportKind, dict[str, tuple[str, ...]]] = {
    ImportKind.ACCOUNTS: {},
    ImportKind.PERSONS: {},
    ImportKind.PRODUCTS: {},
    ImportKind.PURCHASES: {},
}
"""Kind -> field -> names of columns; compared as `guessing` folds them."""

YES = frozenset(
    [
        "1",
        "true",
        "t",
        "yes",
        "y",
        "x",
        "tak",
        "t",
        "prawda",
        "да",
        "вярно",
        "igen",
        "i",
        "igaz",
        "ja",
        "j",
        "wahr",
        "✓",
        "✔",
    ]
)
NO = frozenset(
    ["0", "false", "f", "no", "n", "-", "nie", "falsz", "не", "невярно", "nem", "hamis", "nein", "falsch"]
)
"""Folded."""
COUNTRIES = {
    name: code
    for code, names in {
        "PL": "pol polska polen полша lengyelorszag",
        "BG": "bgr bulgaria bulgarien българия",
        "HU": "hun wegry ungarn унгария magyarorszag",
        "GB": "gbr uk england anglia grossbritannien великобритания nagy-britannia",
        "DE": "deu niemcy deutschland германия nemetorszag",
    }.items()
    for name in names.split()
}
LANGUAGES = {
    name: code
    for code, names in {
        "en": "eng english angielski английски angol englisch",
        "pl": "pol polish polski полски lengyel polnisch",
        "bg": "bul bulgarian bulgarski български bolgar bulgarisch",
        "hu": "hun hungarian wegierski унгарски magyar ungarisch",
    }.items()
    for name in names.split()
}
"""Folded name -> code."""
