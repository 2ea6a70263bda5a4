"""From rows to purchases: the rules of docs/domain.md, section 10. Reads and fills the spool, not the database."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from operator import itemgetter

from django.utils.translation import gettext as _

from accounts.importing.fields import Columns
from accounts.importing.habits import HabitFinder
from accounts.importing.lines import PLACES, Days, Line, LineReader, check_key, kept
from accounts.importing.reading import Table
from accounts.importing.reasons import BadValue, Reason
from accounts.importing.spool import SEPARATOR, Outbox, Spool
from accounts.importing.staging import Report
from accounts.importing.values import LARGEST_CENTS, cents_of, plain_code
from crm.team.calendars import months_before

OLDEST_RATE = dt.timedelta(days=10)
OLDEST_YEARS = 40
"""A purchase that is older is taken, with a warning: most likely its year was misread."""
CHUNK = 5000
"""Rows between two reports."""

# Of several days of one purchase: the earliest ordered, the earliest promised, the latest delivered, ...
_PICKS = (min, min, max, min, max)
_CENT = 10 ** (PLACES - 2)
_RATE_PLACES = 8
_IN_WORDS = 100  # warnings; of the others only the number is shown
_MANY = 50_000  # names of products remembered before they are put into the spool

Rows = list[tuple[int, str]]
"""(line, text) of the rows of one purchase."""


@dataclass
class Rates:
    """What a currency is worth in the base currency, by day."""

    base: str
    days: Mapping[str, list[tuple[dt.date, Decimal]]]
    """Currency -> (day, rate) by day."""

    def on(self, currency: str, day: dt.date) -> Decimal | None:
        """The latest rate on or before the day, at most ten days old; 1 for the base currency; None without one."""
        if currency == self.base:
            return Decimal(1)
        known = self.days.get(currency, [])
        place = bisect_right(known, day, key=itemgetter(0))
        if not place or day - known[place - 1][0] > OLDEST_RATE:
            return None
        return known[place - 1][1]


@dataclass
class Surroundings:
    """What the rules must know of the database, fetched before they run."""

    rates: Rates
    owners: Mapping[str, int]
    """E-mail in lower case, or sales code -> user."""
    unknown_accounts: frozenset[str]
    """Codes of the file that have no account and get none."""
    today: dt.date


@dataclass
class Gathered:
    """What came of the rows, beside what stands in the spool."""

    rows_read: int = 0
    rows_taken: int = 0
    total_cents: int = 0
    unknown_owners: set[str] = field(default_factory=set)


# First pass: rows into the spool -------------------------------------------------------------------------------------
def spool_rows(
    *, table: Table, columns: Columns, finder: HabitFinder, spool: Spool, gathered: Gathered, report: Report
) -> None:
    """Put all rows into the spool, and reject those without an account code or a number.

    `finder` looks at the same time at how the file writes numbers and days. Raises ImportRefused where the file cannot
    be read on.
    """
    account_at, number_at = columns.places["account"], columns.places["number"]
    needed = max(columns.places.values()) + 1
    account_is_float = "account" in columns.codes_as_floats
    number_is_float = "number" in columns.codes_as_floats
    note = finder.note
    chunk: list[tuple[int, str | None, str | None, str]] = []
    for line, values, _text in table.records():
        text = SEPARATOR.join(values)
        if len(values) < needed:
            values = values + [""] * (needed - len(values))
        note(values)
        account, number = values[account_at].strip(), values[number_at].strip()
        if account_is_float:
            account = plain_code(account, as_float=True)
        if number_is_float:
            number = plain_code(number, as_float=True)
        if account and number:
            chunk.append((line, account, number, text))
        else:
            chunk.append((line, None, None, text))
            if not account:
                spool.reject(line, Reason.NO_ACCOUNT, _("account: there is no account code"))
            else:
                spool.reject(line, Reason.NO_NUMBER, _("number: there is no purchase number"))
        if len(chunk) == CHUNK:
            spool.put_rows(chunk)
            gathered.rows_read += CHUNK
            chunk.clear()
            report(gathered.rows_read, None)
    gathered.rows_read += len(chunk)
    spool.put_rows(chunk)
    spool.flush()


# Second pass: purchases ----------------------------------------------------------------------------------------------
class PurchaseGatherer:
    """Makes purchases of the spooled rows, or rejects them, each with all its lines.

    What was taken goes to two outboxes: `purchases` (seq, account, number, five days, currency, amount, rate, cents,
    quarter, lines), by account and number in code points, and `lines` (seq, position, product, description, quantity,
    unit price, amount).
    """

    def __init__(
        self, *, reader: LineReader, spool: Spool, gathered: Gathered, around: Surroundings, report: Report
    ) -> None:
        self.reader, self.spool, self.gathered, self.around = reader, spool, gathered, around
        self.report = report
        self.purchases, self.lines = spool.outbox(), spool.outbox()
        self.seq = 0
        self._purchase_rows: list[tuple[str | None, ...]] = []
        self._line_rows: list[tuple[str | None, ...]] = []
        self._names: dict[tuple[str, str], int] = {}
        self._owner: tuple[str, int] | None = None
        self._taken = False
        self._texts = _Texts(self.lines)
        self._rates: dict[tuple[str, str], tuple[int, str] | None] = {}
        today = around.today
        self._plausible = months_before(today, OLDEST_YEARS * 12).isoformat(), today.isoformat()
        self.warnings: list[tuple[int, str]] = []
        """(line, words): purchases that were taken although they are of no likely day."""

    def gather(self) -> None:
        """Go through all rows."""
        account = number = ""
        rows: Rows = []
        for done, (of_account, of_number, line, text) in enumerate(self.spool.rows(), 1):
            if of_number != number or of_account != account:
                if rows:
                    self._purchase(account, number, rows)
                    if of_account != account:
                        self._end_account(account)
                rows = []
                account, number = of_account, of_number
            rows.append((line, text))
            if not done % CHUNK:
                self.report(done, self.gathered.rows_read)
        if rows:
            self._purchase(account, number, rows)
            self._end_account(account)
        self._put()
        self._put_names()
        self.spool.flush()

    def _purchase(self, account: str, number: str, rows: Rows) -> None:
        """Take the purchase of some rows, or reject all of them."""
        self.seq += 1
        lines: list[Line] = []
        bad: list[int] = []
        refused: tuple[Reason, str] | None
        wrong_key = check_key(account, number)
        for at, text in rows:
            try:
                if wrong_key:
                    raise BadValue(wrong_key)
                lines.append(self.reader.read(text.split(SEPARATOR)))
            except BadValue as problem:
                self.spool.reject(at, Reason.BAD_LINE, str(problem))
                bad.append(at)
        if bad:
            words = _("purchase %(number)s: line %(line)s of the file cannot be taken")
            refused = Reason.SAME_PURCHASE, words % {"number": number, "line": bad[0]}
        else:
            refused = self._judge(account, number, lines)
        if refused:
            for at in {line for line, _text in rows}.difference(bad):
                self.spool.reject(at, *refused)
            return
        ordered, (first, last) = lines[0][0][0] or "", self._plausible
        if not first <= ordered <= last:
            words = ""
            if len(self.warnings) < _IN_WORDS:
                if ordered > last:
                    words = _(
                        "purchase %(number)s is of %(day)s, which lies ahead; are day and month in order?"
                    )
                else:
                    words = _("purchase %(number)s is of %(day)s, long ago; is its year right?")
            self.warnings.append((rows[0][0], words and words % {"number": number, "day": ordered}))

    def _judge(self, account: str, number: str, lines: list[Line]) -> tuple[Reason, str] | None:
        """Put a purchase whose lines could all be read into the outboxes, or say why not."""
        if account in self.around.unknown_accounts:
            return Reason.UNKNOWN_ACCOUNT, unknown_account(account)
        days, currency, amount = lines[0][:3]
        if len(lines) > 1:
            days = _picked(lines)
            amount = sum(line[2] for line in lines)
            if len(currencies := {line[1] for line in lines}) > 1:
                return Reason.TWO_CURRENCIES, _(
                    "currency: purchase %(number)s has lines in %(currencies)s"
                ) % {
                    "number": number,
                    "currencies": ", ".join(sorted(currencies)),
                }
        ordered = days[0]
        assert ordered is not None  # required of every line
        rate = self._rate(currency, ordered)
        if rate is None:
            return Reason.NO_RATE, _(
                "currency: %(currency)s has no exchange rate on %(day)s or in the %(age)s days before; enter one"
            ) % {"currency": currency, "day": ordered, "age": OLDEST_RATE.days}
        cents = _cents(amount, rate[0])
        if abs(cents) >= LARGEST_CENTS:
            try:
                cents_of(Decimal(amount).scaleb(-PLACES), Decimal(rate[1]))
            except BadValue as problem:
                return Reason.TOO_LARGE, _("amount: %(problem)s") % {"problem": problem}
        self._take(account, number, days, currency, amount, rate[1], cents, lines)
        return None

    def _take(
        self,
        account: str,
        number: str,
        days: Days,
        currency: str,
        amount: int,
        rate: str,
        cents: int,
        lines: list[Line],
    ) -> None:
        seq, texts, ordered = str(self.seq), self._texts, days[0]
        assert ordered is not None
        text = self.purchases.text
        quarter = int(ordered[:4]) * 4 + (int(ordered[5:7]) - 1) // 3  # models.quarter_number
        total = lines[0][7] if len(lines) == 1 else kept(amount)
        self._purchase_rows.append(
            (
                *(seq, text(account), text(number), *days, currency, total, rate, str(cents), str(quarter)),
                str(len(lines)),
            )
        )
        names = self._names
        for position, line in enumerate(lines, 1):
            _days, _currency, _amount, product, description, quantity, unit_price, line_amount, owner = line
            self._line_rows.append(
                (seq, str(position), texts[product], texts[description], quantity, unit_price, line_amount)
            )
            if product:
                names[product, description] = names.get((product, description), 0) + 1
            if owner:
                self._note_owner(line[0][0] or "", owner)
        self._taken = True
        self.gathered.rows_taken += len(lines)
        self.gathered.total_cents += cents
        if len(self._line_rows) >= CHUNK:
            self._put()
        if len(names) >= _MANY:
            self._put_names()

    def _note_owner(self, day: str, name: str) -> None:
        """The owner on the latest line, as (day, minus the user's id): of several on one day, who came first."""
        user = self.around.owners.get(name) or self.around.owners.get(name.lower())
        if user is None:
            self.gathered.unknown_owners.add(name)
        else:
            self._owner = max(self._owner or (day, -user), (day, -user))

    def _end_account(self, account: str) -> None:
        if self._taken:
            self.spool.put("account", (account, -self._owner[1] if self._owner else None))
        self._owner, self._taken = None, False

    def _rate(self, currency: str, ordered: str) -> tuple[int, str] | None:
        """The rate in 10^-8 and as SQL writes it."""
        key = currency, ordered
        if key not in self._rates:
            rate = self.around.rates.on(currency, dt.date.fromisoformat(ordered))
            self._rates[key] = None if rate is None else (int(rate.scaleb(_RATE_PLACES)), format(rate, "f"))
        return self._rates[key]

    def _put(self) -> None:
        if self._purchase_rows:
            self.purchases.put(self._purchase_rows)
            self._purchase_rows = []
        if self._line_rows:
            self.lines.put(self._line_rows)
            self._line_rows = []

    def _put_names(self) -> None:
        for (product, description), lines in self._names.items():
            self.spool.put("named", (product, description, lines))
        self._names = {}


class _Texts(dict[str, str]):
    """A text -> the same as the outbox takes it, for texts that come again and again."""

    def __init__(self, outbox: Outbox) -> None:
        super().__init__()
        self.outbox = outbox

    def __missing__(self, text: str) -> str:
        if len(self) >= _MANY:
            self.clear()
        self[text] = self.outbox.text(text)
        return self[text]


def unknown_account(code: str) -> str:
    """What to tell about a code that no account has."""
    return _(
        "account: there is no account %(code)s; make it first, or let the import make accounts for unknown codes"
    ) % {"code": code}


def _picked(lines: list[Line]) -> Days:
    """The days of a purchase of several lines: of each the earliest or latest, None where one line has none."""
    first = lines[0][0]
    if all(line[0] == first for line in lines):
        return first
    columns: Iterator[tuple[str | None, ...]] = zip(*(line[0] for line in lines), strict=True)
    return tuple(
        None if None in days else pick(day for day in days if day is not None)
        for pick, days in zip(_PICKS, columns, strict=True)
    )


def _cents(amount: int, rate: int) -> int:
    """An amount in 10^-10 at a rate in 10^-8, in whole cents of the base currency, halves away from zero."""
    unit = _CENT * 10**_RATE_PLACES
    cents, rest = divmod(abs(amount * rate), unit)
    if 2 * rest >= unit:
        cents += 1
    return -cents if amount < 0 else cents
