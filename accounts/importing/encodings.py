"""Which encoding a text is in, from its bytes alone (docs/domain.md, section 10)."""

from __future__ import annotations

import codecs
import re
from collections import Counter
from dataclasses import dataclass, field
from math import log

BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
ENOUGH = 20_000  # bytes beyond ASCII, after which more of them would say the same
_CERTAIN = 10  # so many whole characters of UTF-8 for each broken one, and it is UTF-8 with some damage

# How often letters beyond ASCII stand in a language's text: its share in thousandths of all letters, roughly.
_LANGUAGES = {
    "polish": {"ą": 10, "ć": 4, "ę": 11, "ł": 18, "ń": 2, "ó": 9, "ś": 7, "ź": 1, "ż": 8},
    "hungarian": {"á": 33, "é": 35, "í": 6, "ó": 10, "ö": 9, "ő": 9, "ú": 3, "ü": 5, "ű": 3},
    "german": {"ä": 5, "ö": 3, "ü": 6, "ß": 3},
    "czech and slovak": {
        "á": 22, "č": 10, "ď": 1, "é": 13, "ě": 12, "í": 30, "ľ": 2, "ň": 1, "ó": 1, "ô": 1, "ř": 9, "š": 8, "ť": 1,
        "ú": 2, "ů": 5, "ý": 11, "ž": 10,
    },
    "romanian": {"ă": 20, "â": 4, "î": 10, "ş": 10, "ţ": 9},
    "croatian and slovene": {"č": 12, "ć": 6, "đ": 3, "š": 11, "ž": 7},
    "french": {"é": 19, "à": 5, "è": 4, "ê": 2, "ç": 1, "ù": 1, "â": 1, "î": 1, "ô": 1, "û": 1, "œ": 1},
    "spanish and portuguese": {
        "á": 6, "é": 4, "í": 6, "ó": 8, "ú": 2, "ñ": 3, "ã": 7, "õ": 3, "ç": 5, "â": 2, "ê": 3, "à": 1
    },
    "nordic": {"å": 14, "ä": 12, "ö": 10, "æ": 8, "ø": 9},
}  # fmt: skip
# What texts in any language may hold: never a reason for or against one.
_COMMON = frozenset("„”“’‘–—…€£§°«»·×®©™½²³±№\u00a0\u00ad")
_LATIN = ("cp1250", "cp1252", "iso-8859-2")  # where they would read the same, the first
_WORD = re.compile(rb"[A-Za-z]*[\x80-\x9f\xa1-\xff][A-Za-z\x80-\x9f\xa1-\xff]*")


def mark_of(start: bytes) -> tuple[str, int]:
    """The encoding that the file's first bytes name and how many bytes that takes; empty and 0 where they name none."""
    for mark, encoding in BYTE_ORDER_MARKS:
        if start.startswith(mark):
            return encoding, len(mark)
    return "", 0


def unmarked_utf_16(start: bytes) -> str:
    """utf-16-le or utf-16-be where every second byte of most characters is zero, on one side only; else empty."""
    pairs = len(start) // 2
    if pairs < 4:
        return ""
    zeros = (start[: 2 * pairs : 2].count(0), start[1 : 2 * pairs : 2].count(0))
    for side, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
        if zeros[side] * 5 >= pairs and not zeros[1 - side]:
            return encoding
    return ""


@dataclass
class Census:
    """Counts the bytes beyond ASCII of a text that has no byte order mark. `add` it chunk by chunk, then ask."""

    whole: int = 0
    """Characters beyond ASCII that are well-formed UTF-8."""
    broken: int = 0
    """Bytes that are not UTF-8."""
    mixed_words: int = 0
    """Words of letters within and beyond ASCII, as Latin scripts have them."""
    high_words: int = 0
    """Words of three and more letters, all of them beyond ASCII, as other scripts have them."""
    high: Counter[int] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._decode = codecs.getincrementaldecoder("utf-8")("surrogateescape").decode

    def add(self, chunk: bytes, *, last: bool = False) -> None:
        """Count some more bytes."""
        text = self._decode(chunk, last)
        if text.isascii():
            return
        beyond = len(text) - len(text.encode("ascii", "ignore"))
        broken = len(re.findall("[\udc80-\udcff]", text))
        self.whole += beyond - broken
        self.broken += broken
        if not self.broken and self.whole > ENOUGH:
            return
        for word in _WORD.findall(chunk):
            beyond = sum(byte >= 0x80 for byte in word)
            if beyond < len(word):
                self.mixed_words += 1
            elif beyond >= 3:
                self.high_words += 1
            self.high.update(byte for byte in word if byte >= 0x80)

    @property
    def decided(self) -> bool:
        """Whether more bytes would say the same."""
        return self.whole + self.broken > ENOUGH

    @property
    def is_utf_8(self) -> bool:
        """Whether it is UTF-8, perhaps with a few damaged bytes."""
        return not self.broken or self.whole > _CERTAIN * self.broken

    @property
    def is_cyrillic(self) -> bool:
        """Whether, if not UTF-8, its words look Cyrillic rather than Latin."""
        return self.high_words > self.mixed_words

    def encoding(self) -> str:
        """The likeliest one."""
        if self.is_utf_8:
            return "utf-8"
        if self.is_cyrillic:
            return "cp1251"
        return max(_LATIN, key=self._likelihood)

    def contradicts(self, chosen: str) -> str:
        """The likeliest encoding, where the one that was chosen cannot be right; else empty."""
        if chosen == "utf-8":
            return ""  # the line that breaks it says more
        if self.whole and not self.broken:
            return "utf-8"
        surely_latin = self.mixed_words > 10 * self.high_words + 10
        surely_cyrillic = self.high_words > 10 * self.mixed_words + 10
        if (surely_latin and chosen == "cp1251") or (surely_cyrillic and chosen != "cp1251"):
            return self.encoding()
        return ""

    def _likelihood(self, encoding: str) -> float:
        letters: Counter[str] = Counter()
        for byte, count in self.high.items():
            letters[bytes((byte,)).decode(encoding, "replace").lower()] += count
        return max(_likelihood(letters, shares) for shares in _LANGUAGES.values())


def _likelihood(letters: Counter[str], shares: dict[str, int]) -> float:
    """The logarithm of how likely a language has these letters."""
    total = sum(shares.values())
    found = 0.0
    for letter, count in letters.items():
        if letter in shares:
            found += count * log(shares[letter] / total)
        elif letter in _COMMON:
            found += count * log(1e-3)
        elif letter.isalpha():
            found += count * log(1e-4)
        else:  # a control character, or one that letters are not written with
            found += count * log(1e-6)
    return found
