"""Folding of text for search: case and diacritics do not matter (docs/domain.md, section 9)."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

# Letters that Unicode does not decompose.
_LETTERS = str.maketrans(
    {"ł": "l", "đ": "d", "ø": "o", "ı": "i", "ß": "ss", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d"}
)
_QUOTES = re.compile(r"[\"'„”“‘’«»`´]")
_SPACE = re.compile(r"\s+")


def fold(text: str) -> str:
    """`text` in lower case, without diacritics and quotation marks, with single spaces; й and ё keep their letter."""
    composed = unicodedata.normalize("NFKC", text).casefold().translate(_LETTERS)
    kept = "".join(_plain(letter) for letter in composed)
    return _SPACE.sub(" ", _QUOTES.sub("", kept)).strip()


@lru_cache(maxsize=4096)  # the letters of a company are few, and the whole key is folded at every save
def _plain(letter: str) -> str:
    """One letter without its diacritics; Cyrillic letters stay whole (й is a letter of its own)."""
    if "\u0400" <= letter <= "\u04ff":
        return letter
    return "".join(part for part in unicodedata.normalize("NFKD", letter) if not unicodedata.combining(part))


def digits(text: str) -> str:
    """The digits of `text`: how phone numbers and tax numbers are compared."""
    return "".join(letter for letter in text if letter.isdigit())
