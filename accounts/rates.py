"""Exchange rates: set, corrected and taken away by admins, one by one or from lines of text (docs/domain.md, 10).

A purchase keeps the rate that it was reckoned with; a correction reaches it when its file is imported again.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.conf import settings
from django.db import transaction
from django.db.models import Max, QuerySet
from django.utils.translation import gettext as _
from simple_history.utils import bulk_create_with_history, bulk_update_with_history

from accounts.importing.gathering import OLDEST_RATE
from accounts.importing.values import BadValue, read_currency, read_day
from accounts.models import ExchangeRate, Import
from crm.team.models import User

_RATE = re.compile(r"(\d{1,10})(?:[.,](\d{1,8}))?")
MOST_BAD_LINES = 20
"""Bad lines that are named; of the others it is said how many there are."""


class RatesRefused(Exception):
    """Nothing was written. `problems` are for the admin, one line each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True)
class Given:
    """What one unit of `currency` is worth in the base currency on `day`."""

    currency: str
    day: dt.date
    rate: Decimal


@dataclass(frozen=True)
class Saved:
    """What came of saving rates."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0


def read_rate(text: str) -> Decimal:
    """A rate with a decimal point or comma, at most 8 decimals, above 0. Raises BadValue."""
    match = _RATE.fullmatch(text.strip())
    if match is None:
        raise BadValue(_("“%(text)s” is no rate; write 0.2345 or 0,2345") % {"text": text.strip()[:40]})
    rate = Decimal(f"{match[1]}.{match[2] or 0}")
    if not rate:
        raise BadValue(_("a rate must be above 0"))
    return rate


def given(currency: str, day: str, rate: str) -> Given:
    """The rate that three texts say. Raises BadValue, with words that name the field."""
    try:
        code = read_currency(currency.strip().upper())
    except BadValue as problem:
        raise BadValue(_("currency: %(problem)s") % {"problem": problem}) from problem
    if code == settings.BASE_CURRENCY:
        raise BadValue(_("currency: %(code)s is the base currency; it needs no rate") % {"code": code})
    try:
        found_day = read_day(day.strip())
    except BadValue as problem:
        raise BadValue(_("day: %(problem)s") % {"problem": problem}) from problem
    try:
        return Given(code, found_day, read_rate(rate))
    except BadValue as problem:
        raise BadValue(_("rate: %(problem)s") % {"problem": problem}) from problem


FAR = 2
"""A rate so many times another of its currency, or so small a part of it, is looked at again."""


def far_from(given: Given) -> ExchangeRate | None:
    """The other rate of the currency that is nearest in time, where it is far from the one given; else None."""
    others = ExchangeRate.objects.filter(currency=given.currency).exclude(day=given.day).order_by("-day")
    other = others.filter(day__lt=given.day).first() or others.last()
    if other is None or given.rate / FAR <= other.rate <= given.rate * FAR:
        return None
    return other


def read_lines(text: str) -> list[Given]:
    """Lines of `currency;day;rate` (semicolons or tabs); empty lines and a header are passed over.

    Raises RatesRefused, which names each bad line; the same currency and day twice with two rates is one.
    """
    problems: list[str] = []
    found: dict[tuple[str, dt.date], tuple[int, Given]] = {}
    for number, line in enumerate(text.lstrip("\ufeff").splitlines(), 1):
        cells = [cell.strip().strip('"') for cell in re.split(r"[;\t]", line.strip().strip(";"))]
        if not any(cells) or (number == 1 and cells[0].lower() in ("currency", "code")):
            continue
        try:
            if len(cells) != 3:
                raise BadValue(
                    _("%(number)d columns where there should be 3: currency;day;rate")
                    % {"number": len(cells)}
                )
            rate = given(*cells)
            before = found.setdefault((rate.currency, rate.day), (number, rate))
            if before[1] != rate:
                raise BadValue(
                    _("line %(line)d has another rate for the same currency and day") % {"line": before[0]}
                )
        except BadValue as problem:
            problems.append(_("Line %(line)d: %(problem)s.") % {"line": number, "problem": problem})
    if problems:
        more = len(problems) - MOST_BAD_LINES
        if more > 0:
            problems[MOST_BAD_LINES:] = [_("And %(number)d more lines.") % {"number": more}]
        raise RatesRefused(problems)
    if not found:
        raise RatesRefused([_("There is no rate in it. Write lines such as PLN;2026-09-30;0.2345.")])
    return [rate for _line, rate in found.values()]


@transaction.atomic
def save_rates(*, rates: Iterable[Given], actor: User | None) -> Saved:
    """Write the rates, all or none: new ones, and corrections of those whose currency and day there is already.

    actor: None for a command. What stays as it is gets no history.
    """
    wanted = {(rate.currency, rate.day): rate.rate for rate in rates}
    known = {
        (row.currency, row.day): row
        for row in ExchangeRate.objects.select_for_update().filter(
            currency__in={currency for currency, _day in wanted}
        )
    }
    new = [
        ExchangeRate(currency=currency, day=day, rate=rate)
        for (currency, day), rate in wanted.items()
        if (currency, day) not in known
    ]
    changed = []
    for key, rate in wanted.items():
        if key in known and known[key].rate != rate:
            known[key].rate = rate
            changed.append(known[key])
    bulk_create_with_history(new, ExchangeRate, batch_size=500, default_user=actor)
    bulk_update_with_history(changed, ExchangeRate, ["rate"], batch_size=500, default_user=actor)
    return Saved(len(new), len(changed), len(wanted) - len(new) - len(changed))


@transaction.atomic
def remove_rate(*, rate: ExchangeRate, actor: User) -> Given:
    """Delete the rate, and return what it was, for putting it back with save_rates."""
    was = Given(rate.currency, rate.day, rate.rate)
    rate._history_user = actor  # type: ignore[attr-defined]
    rate.delete()
    return was


# What there is ------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Currency:
    """A currency with its latest rate."""

    code: str
    latest: ExchangeRate
    stale: bool
    """Whether a purchase of today would find no rate."""


def currencies(*, today: dt.date) -> list[Currency]:
    """Every currency that has a rate, with the latest, by code."""
    newest = ExchangeRate.objects.order_by().values("currency").annotate(day=Max("day"))
    days = {row["currency"]: row["day"] for row in newest}
    rows = ExchangeRate.objects.filter(currency__in=days, day__in=set(days.values())).order_by("currency")
    return [
        Currency(row.currency, row, stale=today - row.day > OLDEST_RATE)
        for row in rows
        if days[row.currency] == row.day
    ]


def history_of(currency: str) -> QuerySet:
    """What was done to the rates of a currency, newest first, with who did it."""
    return (
        ExchangeRate.history.filter(currency=currency)
        .select_related("history_user")
        .order_by("-history_date", "-history_id")
    )


def rejected_for_want_of_a_rate(*, since: dt.datetime) -> int:
    """How many rows of the imports since then were rejected because their currency had no rate for their day."""
    found = 0
    for summary in Import.objects.filter(started_at__gte=since, rows_rejected__gt=0).values_list(
        "summary", flat=True
    ):
        found += int(summary.get("rejected_by_reason", {}).get("no_rate", 0))
    return found
