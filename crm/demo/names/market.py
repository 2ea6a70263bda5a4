"""What one market's names are made of, and how a firm, an address, a person, a number is put together from it."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from accounts.folding import fold


class City(NamedTuple):
    """A city: the first part of its postal codes, its dialling code, and how firms name themselves after it."""

    name: str
    postal: str
    dial: str
    after: str


class Firm(NamedTuple):
    """A firm's name with its legal form, and what it does: "" or "hotel" (seasonal trades are told by it)."""

    name: str
    trade: str


class Human(NamedTuple):
    """A person's name as written in the market, and the two parts an e-mail address is made of."""

    name: str
    first: str
    last: str


@dataclass(frozen=True)
class Market:
    """One country. Patterns use {proper}, {stem}, {surname}, {city} and {after} (the firm's town)."""

    country: str
    language: str
    cities: tuple[City, ...]
    streets: tuple[str, ...]
    address: str
    postal: str
    """Postal code by {city} (first digits) and {n} (the rest)."""
    dialling: str
    """The country's prefix."""
    phone_digits: int
    """Without the prefix: the city's dialling code, then the subscriber's, which start with 00 as no real one does."""
    firms: tuple[tuple[str, str], ...]
    """(pattern, trade); trades that live by a season are told in SEASONAL."""
    propers: tuple[str, ...]
    stems: tuple[tuple[str, ...], tuple[str, ...]]
    """First and second halves of coined names."""
    forms: tuple[str, ...]
    """Legal forms, as often as they stand here."""
    long_names: tuple[tuple[str, str], ...]
    """(name, city): names that no page may break on."""
    groups: tuple[str, ...]
    site: str
    """How a site is named after its group: {group} and {city}."""
    women: tuple[str, ...]
    men: tuple[str, ...]
    surnames: tuple[tuple[str, str], ...]
    """(of a man, of a woman)."""
    family_first: bool
    tax_number: Callable[[random.Random], str]
    invoice: Callable[[int, int], str]
    """Number of an invoice from its year and its place in that year."""

    def firm(self, rng: random.Random, city: City) -> Firm:
        """A coined firm in the city; not always another one."""
        pattern, trade = rng.choice(self.firms)
        name = pattern.format(
            proper=rng.choice(self.propers),
            stem=rng.choice(self.stems[0]) + rng.choice(self.stems[1]),
            surname=rng.choice(self.surnames)[0],
            city=city.name,
            after=city.after,
            form=rng.choice(self.forms),
        )
        return Firm(name, trade)

    def human(self, rng: random.Random) -> Human:
        """A person of the market."""
        woman = rng.random() < 0.48
        first = rng.choice(self.women if woman else self.men)
        last = rng.choice(self.surnames)[1 if woman else 0]
        if woman and rng.random() < 0.05 and not self.family_first:
            last = f"{last}-{rng.choice(self.surnames)[1]}"
        return Human(f"{last} {first}" if self.family_first else f"{first} {last}", first, last)

    def street(self, rng: random.Random) -> str:
        """Street and number as written in the market."""
        return self.address.format(street=rng.choice(self.streets), n=rng.randint(1, 160))

    def postal_code(self, rng: random.Random, city: City) -> str:
        """A postal code of the city."""
        return self.postal.format(city=city.postal, n=rng.randint(0, 99))

    def number(self, rng: random.Random, city: City) -> str:
        """A phone number in the country's format that nobody has."""
        free = self.phone_digits - len(city.dial) - 2
        digits = f"00{rng.randrange(10**free):0{free}d}"
        return f"{self.dialling} {city.dial} {digits[:-4]} {digits[-4:-2]} {digits[-2:]}"


SEASONAL = frozenset({"hotel", "spa", "sugar", "ski", "fruit"})
"""Trades that buy in one season."""

# Bulgarian letters as Bulgaria's own law of 2009 writes them in Latin.
_CYRILLIC = {
    "а": "a", "б": "b", "в": "v", "г": "g", "д": "d", "е": "e", "ж": "zh", "з": "z", "и": "i", "й": "y", "к": "k",
    "л": "l", "м": "m", "н": "n", "о": "o", "п": "p", "р": "r", "с": "s", "т": "t", "у": "u", "ф": "f", "х": "h",
    "ц": "ts", "ч": "ch", "ш": "sh", "щ": "sht", "ъ": "a", "ь": "y", "ю": "yu", "я": "ya",
}  # fmt: skip


def slug(text: str) -> str:
    """`text` as it stands in an internet address: a–z and 0–9, words joined by a hyphen."""
    latin = "".join(_CYRILLIC.get(letter, letter) for letter in fold(text))
    words = "".join(letter if letter.isascii() and letter.isalnum() else " " for letter in latin).split()
    return "-".join(words)


def nip(rng: random.Random) -> str:
    """A Polish tax number with its check digit; 99 at the start is given to no tax office."""
    while True:
        digits = [9, 9, *(rng.randint(0, 9) for _ in range(7))]
        check = sum(w * d for w, d in zip((6, 5, 7, 2, 3, 4, 5, 6, 7), digits, strict=True)) % 11
        if check < 10:
            return "".join(map(str, [*digits, check]))


def eik(rng: random.Random) -> str:
    """A Bulgarian register number (nine digits) with its check digit."""
    digits = [9, 9, *(rng.randint(0, 9) for _ in range(6))]
    check = sum(w * d for w, d in enumerate(digits, 1)) % 11
    if check == 10:
        check = sum(w * d for w, d in enumerate(digits, 3)) % 11 % 10
    return "".join(map(str, [*digits, check]))


def adoszam(rng: random.Random) -> str:
    """A Hungarian tax number: eight digits with check digit, the kind of taxation, the county."""
    digits = [9, 9, *(rng.randint(0, 9) for _ in range(5))]
    check = -sum(w * d for w, d in zip((9, 7, 3, 1, 9, 7, 3), digits, strict=True)) % 10
    return "".join(map(str, [*digits, check])) + f"-2-{rng.randint(2, 20):02d}"
