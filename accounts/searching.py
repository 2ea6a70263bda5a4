"""What somebody typed into the search, as words and numbers to look for (docs/domain.md, section 9). No query here."""

from __future__ import annotations

import re
from dataclasses import dataclass

from accounts.folding import digits, fold
from crm.team.models import Country

FEWEST_DIGITS = 5
"""Fewer digits than these are a house number or a year, not somebody's phone or tax number."""
FEWEST_OF_A_PURCHASE = 4
_PART_OF_A_NUMBER = re.compile(r"[+(]?[\d().\-/+]+")
_COUNTRY = re.compile(r"[a-z]{2}(?=\d)")
_COUNTRIES = frozenset(code.lower() for code in Country.values)
_CALLING_CODES = re.compile(r"^(?:\+|00)(?:48|359|36|44|49)")
"""What stands before a number of the countries we know when it is written for callers from abroad."""


@dataclass(frozen=True)
class Words:
    """What was typed. An account is found if it has every word, or every number and all that stands beside them."""

    words: tuple[str, ...]
    """All of it, folded, word by word."""
    numbers: tuple[str, ...] = ()
    """The digits of a phone or tax number, without what people leave out or add: +48, 0048, 0, PL."""
    beside_numbers: tuple[str, ...] = ()
    """The words that are no part of a number."""
    purchase_number: str = ""
    """What may be the start of a purchase's number, as typed; "" where it cannot be one."""


def read_words(typed: str) -> Words:
    """`typed` as words and numbers. Runs of figures (`600 100 201`) are one number."""
    words = tuple(fold(typed).split())
    run, beside = "", []
    for word in words:
        if _PART_OF_A_NUMBER.fullmatch(bare := _COUNTRY.sub("", word)):
            run += bare
        else:
            beside.append(word)
    numbers = (_essential(run),) if len(digits(run)) >= FEWEST_DIGITS else ()
    beside = [word for word in beside if word not in _COUNTRIES]  # PL before a tax number
    whole = typed.strip()
    is_number = len(whole) >= FEWEST_OF_A_PURCHASE and any(letter.isdigit() for letter in whole)
    return Words(words, numbers, tuple(beside) if numbers else (), whole if is_number else "")


def _essential(number: str) -> str:
    """The digits by which a number is recognised: without the prefix for callers from abroad or from home, and of a
    long one the last nine, because prefixes are written in many ways.
    """
    bare = digits(_CALLING_CODES.sub("", number, count=1))
    return bare[-9:].lstrip("0") or bare
