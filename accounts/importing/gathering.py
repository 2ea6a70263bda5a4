"""From rows to purchases: the rules of docs/domain.md, section 10. Reads and fills the spool, not the database."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import groupby
from operator import itemgetter

from django.utils.translation import gettext as _

from accounts.importing.fields import Columns
from accounts.importing.habits import HabitFinder, Habits
from accounts.importing.lines import Days, Line, LineReader, check_key
from accounts.importing.reading import Table
from accounts.importing.reasons import BadValue, Reason
from accounts.importing.spool import Spool
from accounts.importing.values import EXACT, cents_of, plain_code
from accounts.models import quarter_number
from accounts.models.importing import ImportKind

OLDEST_RATE = dt.timedelta(days=10)

# Of several days of one purchase: the earliest ordered, the earliest promised, the latest delivered, ...
_PICKS = (min, min, max, min, max)
_KEPT = Decimal("0.000001")  # of a line's amount; the purchase is summed up before that


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


@dataclass(slots=True)
class Draft:
    """One purchase while its lines are read."""

    lines: int = 0
    amount: Decimal = Decimal(0)
    currencies: set[str] = field(default_factory=set)
    days: Days = ()
    named: set[tuple[dt.date, str]] = field(default_factory=set)
    """(day ordered, owner) of the lines that name an owner."""

    def add(self, line: Line) -> None:
        """Count a line in."""
        self.amount = EXACT.add(self.amount, line.amount)
        self.currencies.add(line.currency)
        if not self.lines:
            self.days = line.days
        elif self.days != line.days:
            self.days = tuple(
                None if one is None or other is None else pick(one, other)
                for pick, one, other in zip(_PICKS, self.days, line.days, strict=True)
            )
        if line.owner:
            self.named.add((line.ordered, line.owner))
        self.lines += 1


@dataclass
class Gathered:
    """What came of the rows, beside what stands in the spool."""

    rows_read: int = 0
    habits: Habits = field(default_factory=Habits)
    unknown_owners: set[str] = field(default_factory=set)


# First pass: rows into the spool -------------------------------------------------------------------------------------
def spool_rows(*, table: Table, columns: Columns, spool: Spool) -> Gathered:
    """Put all rows into the spool, and reject those without an account code or a number.

    Looks at the same time at how the file writes numbers and days. Raises ImportRefused where the file cannot be read.
    """
    gathered = Gathered()
    finder = HabitFinder(kind=ImportKind.PURCHASES, columns=columns)
    for row in _keyed(table, columns, spool, gathered, finder):
        spool.put("row", row)
    gathered.habits = finder.found()
    spool.flush()
    spool.sort()
    return gathered


def _keyed(
    table: Table, columns: Columns, spool: Spool, gathered: Gathered, finder: HabitFinder
) -> Iterator[tuple[int, str | None, str | None, str]]:
    account_at, number_at = columns.places["account"], columns.places["number"]
    needed = max(columns.places.values()) + 1
    account_is_float = "account" in columns.codes_as_floats
    number_is_float = "number" in columns.codes_as_floats
    for line, values, text in table.records():
        gathered.rows_read += 1
        if len(values) < needed:
            values = values + [""] * (needed - len(values))
        account = plain_code(values[account_at], as_float=account_is_float)
        number = plain_code(values[number_at], as_float=number_is_float)
        finder.note(values)
        if account and number:
            yield line, account, number, text
        else:
            yield line, None, None, text
            if not account:
                spool.reject(line, Reason.NO_ACCOUNT, _("account: there is no account code"))
            else:
                spool.reject(line, Reason.NO_NUMBER, _("number: there is no purchase number"))


# Second pass: purchases ----------------------------------------------------------------------------------------------
def gather_purchases(
    *, table: Table, columns: Columns, spool: Spool, gathered: Gathered, around: Surroundings
) -> None:
    """Make purchases of the spooled rows, or reject them, each with all its lines."""
    reader = LineReader(table=table, columns=columns, habits=gathered.habits, base_currency=around.rates.base)
    seq = 0
    for account, of_account in groupby(spool.rows(), key=itemgetter(0)):
        owner: tuple[dt.date, int] | None = None
        taken = False
        for number, rows in groupby(of_account, key=itemgetter(1)):
            seq += 1
            draft = _drafted(seq, rows, reader, spool, wrong_key=check_key(account, number))
            if isinstance(draft, int):
                words = _("purchase %(number)s: line %(line)s of the file cannot be taken")
                spool.reject_purchase(
                    account, number, Reason.SAME_PURCHASE, words % {"number": number, "line": draft}
                )
            elif refused := _judged(seq, account, number, draft, around, spool):
                spool.reject_purchase(account, number, *refused)
            else:
                taken = True
                owner = _owner(draft, owner, around, gathered)
        if taken:
            spool.put("account", (account, -owner[1] if owner else None))
    spool.flush()


def _drafted(
    seq: int, rows: Iterable[tuple[str, str, int, str]], reader: LineReader, spool: Spool, *, wrong_key: str
) -> Draft | int:
    """The purchase of some rows, its lines put into the spool; or the line of the first row that cannot be taken."""
    draft, first_bad = Draft(), 0
    for _account, _number, at, text in rows:
        try:
            if wrong_key:
                raise BadValue(wrong_key)
            line = reader.read(text)
        except BadValue as problem:
            spool.reject(at, Reason.BAD_LINE, str(problem))
            first_bad = first_bad or at
            continue
        draft.add(line)
        spool.put(
            "line",
            (
                seq,
                draft.lines,
                line.product,
                line.description,
                _text(line.quantity),
                _text(line.unit_price),
                _text(_kept(line.amount)),
            ),
        )
    return first_bad or draft


def _judged(
    seq: int, account: str, number: str, draft: Draft, around: Surroundings, spool: Spool
) -> tuple[Reason, str] | None:
    """Put a purchase whose lines could all be read into the spool, or say why not."""
    if account in around.unknown_accounts:
        return Reason.UNKNOWN_ACCOUNT, _(
            "account: there is no account %(code)s; make it, or import with --create-accounts"
        ) % {"code": account}
    if len(draft.currencies) > 1:
        return Reason.TWO_CURRENCIES, _("currency: purchase %(number)s has lines in %(currencies)s") % {
            "number": number,
            "currencies": ", ".join(sorted(draft.currencies)),
        }
    (currency,) = draft.currencies
    ordered = draft.days[0]
    assert ordered is not None  # required of every line
    rate = around.rates.on(currency, ordered)
    if rate is None:
        return Reason.NO_RATE, _(
            "currency: %(currency)s has no exchange rate on %(day)s or in the %(age)s days before; enter one"
        ) % {"currency": currency, "day": ordered.isoformat(), "age": OLDEST_RATE.days}
    try:
        cents = cents_of(draft.amount, rate)
    except BadValue as problem:
        return Reason.TOO_LARGE, _("amount: %(problem)s") % {"problem": problem}
    spool.put(
        "purchase",
        (
            seq,
            account,
            number,
            *(day and day.isoformat() for day in draft.days),
            currency,
            _text(_kept(draft.amount)),
            _text(rate),
            cents,
            quarter_number(ordered),
            draft.lines,
        ),
    )
    return None


def _owner(
    draft: Draft, so_far: tuple[dt.date, int] | None, around: Surroundings, gathered: Gathered
) -> tuple[dt.date, int] | None:
    """The owner on the latest line, as (day, minus the user's id): of several on one day, the user who came first."""
    for day, name in draft.named:
        user = around.owners.get(name) or around.owners.get(name.lower())
        if user is None:
            gathered.unknown_owners.add(name)
        else:
            so_far = max(so_far or (day, -user), (day, -user))
    return so_far


def _kept(amount: Decimal) -> Decimal:
    return amount.quantize(_KEPT, context=EXACT)


def _text(value: Decimal | None) -> str | None:
    return None if value is None else format(value, "f")
