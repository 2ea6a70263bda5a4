"""A file of purchases (docs/domain.md, section 10)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from decimal import Decimal

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.facts import refresh_facts
from accounts.importing.gathering import Gathered, PurchaseGatherer, Rates, Surroundings, spool_rows
from accounts.importing.habits import HabitFinder
from accounts.importing.kinds import Bringing, Task
from accounts.importing.lines import LineReader
from accounts.importing.reasons import ImportRefused
from accounts.importing.spool import in_chunks
from accounts.importing.staging import Overtaken
from accounts.importing.summary import Difference
from accounts.importing.writing import Staging
from accounts.models import Account, ExchangeRate, Import, ImportKind, Product, Purchase
from crm.team.models import User


class Purchases(Bringing):
    """Brings purchases in; see `accounts.importing.kinds.Bringing`.

    A purchase that stands as the file has it is not touched; one that differs keeps its id and gets new lines.
    An owner named in the file, by e-mail or sales code of an active user, is given to new accounts and to accounts
    without an owner. An account that has one keeps it: portfolios are handed over in Opieka, with their follow-ups, and
    an old invoice must not undo that. Where the file names several, the owner on the latest purchase counts.
    """

    written = ("accounts_account", "accounts_purchase", "accounts_purchaseline")

    def __init__(self, task: Task) -> None:
        super().__init__(task)
        self.gathered = Gathered()
        self.staging = Staging()

    def check(self) -> None:
        """Refuse where the base currency was changed."""
        check_base_currency()

    def gather(self) -> None:
        """Rows into purchases."""
        task = self.task
        finder = HabitFinder(
            kind=ImportKind.PURCHASES,
            columns=task.columns,
            options=task.options,
            recognised=task.table.recognised,
        )
        spool_rows(
            table=task.table,
            columns=task.columns,
            finder=finder,
            spool=task.spool,
            gathered=self.gathered,
            report=task.report,
        )
        around = self._surroundings()
        reader = LineReader(columns=task.columns, habits=finder.found(), base_currency=around.rates.base)
        self.made = PurchaseGatherer(
            reader=reader, spool=task.spool, gathered=self.gathered, around=around, report=task.report
        )
        self.made.gather()
        self.rows_read, self.rows_taken = self.gathered.rows_read, self.gathered.rows_taken
        self.total_cents = self.gathered.total_cents
        self.warnings = self.made.warnings
        self.unknown_owners = sorted(self.gathered.unknown_owners)

    def stage(self) -> None:
        """As of Bringing."""
        spool = self.task.spool
        codes = (code for code, _owner in spool.taken_accounts())
        names = dict(spool.products())
        longest = Product._meta.get_field("name").max_length
        self.staging.load(
            purchases=self.made.purchases,
            lines=self.made.lines,
            accounts=list(without(Account, codes)) if self.task.create_accounts else [],
            owners=[(code, owner) for code, owner in spool.taken_accounts() if owner is not None],
            products=[(code, names[code][:longest]) for code in without(Product, names)],
        )

    def compare(self) -> Difference:
        """As of Bringing."""
        return self.staging.compare()

    def write(self, run: Import, note: str) -> None:
        """As of Bringing."""
        task = self.task
        check_base_currency()
        if not self.staging.write(import_id=run.pk, actor=task.actor, now=task.now, note=note):
            raise Overtaken
        self.changed_accounts = self.staging.given_owners
        self.settle()
        refresh_facts(today=task.today, account_ids=self.staging.touched_accounts())

    def drop(self) -> None:
        """As of Bringing."""
        self.staging.drop()

    def _surroundings(self) -> Surroundings:
        places, spool = self.task.columns.places, self.task.spool
        days: dict[str, list[tuple[dt.date, Decimal]]] = {}
        if "currency" in places:
            for rate in ExchangeRate.objects.order_by("currency", "day").iterator():
                days.setdefault(rate.currency, []).append((rate.day, rate.rate))
        unknown = () if self.task.create_accounts else without(Account, spool.accounts())
        return Surroundings(
            rates=Rates(settings.BASE_CURRENCY, days),
            owners=owners_by_name() if "owner" in places else {},
            unknown_accounts=frozenset(unknown),
            today=self.task.today,
        )


def check_base_currency() -> None:
    """Raise ImportRefused where purchases stand that were reckoned in another base currency than the one set now.

    Their rate tells: 1 belongs to the base currency alone, or to a currency that was on a par with it by a rate of
    its own.
    """
    base = settings.BASE_CURRENCY
    on_a_par = ExchangeRate.objects.filter(rate=1).values("currency")
    # One look at all purchases, not one for each way of being wrong; whatever order they come in.
    wrong = Q(rate=1) & ~Q(currency=base) & ~Q(currency__in=on_a_par) | Q(currency=base) & ~Q(rate=1)
    found = Purchase.objects.order_by().filter(wrong).values_list("currency", flat=True)[:1]
    for currency in found:
        other = "?" if currency == base else currency
        raise ImportRefused(
            _(
                "The base currency is set to %(base)s, but purchases stand that were reckoned in another (%(other)s). "
                "It is fixed once there are purchases: set BASE_CURRENCY back."
            )
            % {"base": base, "other": other}
        )


def owners_by_name() -> dict[str, int]:
    """E-mail (in lower case) and sales code of active users -> user."""
    owners: dict[str, int] = {}
    for user in User.objects.filter(is_active=True).only("email", "sales_code"):
        owners[user.email] = user.pk
        if user.sales_code:
            owners[user.sales_code] = user.pk
    return owners


def without(model: type[models.Model], codes: Iterable[str]) -> Iterator[str]:
    """The codes that no row of the model has, as a stream."""
    for chunk in in_chunks((code,) for code in codes):
        asked = [code for (code,) in chunk]
        known = set(model._default_manager.filter(code__in=asked).values_list("code", flat=True))
        yield from (code for code in asked if code not in known)
