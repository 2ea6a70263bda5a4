"""The verb: a file of purchases into the database (docs/domain.md, section 10)."""

from __future__ import annotations

import csv
import datetime as dt
import os
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from itertools import islice
from pathlib import Path

from django.conf import settings
from django.db import IntegrityError, models
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.facts import refresh_facts
from accounts.importing.fields import Columns, find_columns
from accounts.importing.gathering import Gathered, Rates, Surroundings, gather_purchases, spool_rows
from accounts.importing.reading import Table, open_table
from accounts.importing.reasons import ImportRefused
from accounts.importing.spool import Spool, in_chunks, open_spool
from accounts.importing.summary import Summary
from accounts.importing.writing import Difference, Staging, write_alone
from accounts.models import Account, ExchangeRate, Import, Product, Purchase
from crm.team.models import User

_ATTEMPTS = 3
_FACTS_ONE_BY_ONE = 1000  # accounts; where more were touched, the facts of all are refreshed at once
_FIRST_REJECTS = 5


class _Overtaken(Exception):
    """Somebody deleted an account between the check of the file and the writing."""


def _import_purchases(
    *,
    file: Path,
    preset: str = "",
    mapping: Mapping[str, str] | None = None,
    create_accounts: bool = False,
    dry_run: bool = False,
    rejected: Path | None = None,
    actor: User | None,
    now: dt.datetime,
    today: dt.date,
) -> Summary:
    """Import the purchases of a file, all that can be taken or, where the file as a whole cannot be read, none.

    file: CSV in UTF-8, optionally compressed by gzip. preset: a name in PRESETS, or empty. mapping: field -> column,
    stronger than the preset. create_accounts: make an account for a code that has none (name = code); otherwise its
    purchases are rejected. dry_run: find the same and write nothing. rejected: where to list the rejected rows; None:
    under VAR_DIR/imports, if there are any and it is no dry run. actor: who asked, None for the command line.

    A purchase that stands as the file has it is not touched; one that differs keeps its id and gets new lines.
    An owner named in the file, by e-mail or sales code of an active user, is given to new accounts and to accounts
    without an owner. An account that has one keeps it: portfolios are handed over in Opieka, with their follow-ups, and
    an old invoice must not undo that. Where the file names several, the owner on the latest purchase counts.

    Only one import writes at a time; others wait. Killed at any moment, it leaves nothing behind in the database.
    Raises ImportRefused, with nothing written. A file of whose rows none could be taken writes nothing either; its
    summary says so (`took_nothing`).
    """
    began = time.monotonic()
    _check_base_currency()
    with open_table(file) as table, open_spool() as spool:
        columns = find_columns(header=table.header, preset=preset, mapping=mapping or {})
        gathered = spool_rows(table=table, columns=columns, spool=spool)
        around = _surroundings(columns, spool, create_accounts=create_accounts)
        gather_purchases(table=table, columns=columns, spool=spool, gathered=gathered, around=around)
        rejected_file = _list_rejects(
            table=table, spool=spool, source=file, asked=rejected, dry_run=dry_run, now=now
        )
        run = Import(
            kind=Import.Kind.PURCHASES,
            file_name=file.name[-255:],
            sha256=table.sha256(),
            preset=preset,
            mapping=dict(columns.names),
            rows_read=gathered.rows_read,
            rows_taken=spool.totals()[1],
            rows_rejected=sum(spool.reject_counts().values()),
            started_at=now,
            started_by=actor,
        )
        staging = Staging(spool)
        staging.load(
            accounts=list(_without(Account, (code for code, _owner in spool.taken_accounts())))
            if create_accounts
            else [],
            products=_unknown_products(spool),
        )
        if dry_run or (run.rows_read and not run.rows_taken):
            difference = staging.compare()
        else:
            difference = _write(staging, run, actor=actor, now=now, today=today, began=began)
        staging.drop()
        return _summary(spool, gathered, run, difference, rejected_file, dry_run=dry_run)


# What the rules must know --------------------------------------------------------------------------------------------
def _check_base_currency() -> None:
    """Raise ImportRefused where purchases stand that were reckoned in another base currency than the one set now.

    Their rate tells: 1 belongs to the base currency alone, or to a currency that was on a par with it by a rate of
    its own.
    """
    base = settings.BASE_CURRENCY
    on_a_par = ExchangeRate.objects.filter(rate=1).values("currency")
    purchases = Purchase.objects.order_by()
    other = (
        purchases.filter(rate=1)
        .exclude(currency=base)
        .exclude(currency__in=on_a_par)
        .values_list("currency", flat=True)
        .first()
    )
    if other is None and purchases.filter(currency=base).exclude(rate=1).exists():
        other = "?"
    if other is not None:
        raise ImportRefused(
            _(
                "The base currency is set to %(base)s, but purchases stand that were reckoned in another (%(other)s). "
                "It is fixed once there are purchases: set BASE_CURRENCY back."
            )
            % {"base": base, "other": other}
        )


def _surroundings(columns: Columns, spool: Spool, *, create_accounts: bool) -> Surroundings:
    days: dict[str, list[tuple[dt.date, Decimal]]] = {}
    if "currency" in columns.places:
        for rate in ExchangeRate.objects.order_by("currency", "day").iterator():
            days.setdefault(rate.currency, []).append((rate.day, rate.rate))
    owners: dict[str, int] = {}
    if "owner" in columns.places:
        for user in User.objects.filter(is_active=True).only("email", "sales_code"):
            owners[user.email] = user.pk
            if user.sales_code:
                owners[user.sales_code] = user.pk
    return Surroundings(
        rates=Rates(settings.BASE_CURRENCY, days),
        owners=owners,
        unknown_accounts=frozenset() if create_accounts else frozenset(_without(Account, spool.accounts())),
    )


def _without(model: type[models.Model], codes: Iterable[str]) -> Iterator[str]:
    """The codes that no row of the model has, as a stream."""
    for chunk in in_chunks((code,) for code in codes):
        asked = [code for (code,) in chunk]
        known = set(model._default_manager.filter(code__in=asked).values_list("code", flat=True))
        yield from (code for code in asked if code not in known)


def _unknown_products(spool: Spool) -> list[tuple[str, str]]:
    names = dict(spool.products())
    longest = Product._meta.get_field("name").max_length
    return [(code, names[code][:longest]) for code in _without(Product, names)]


# Rejected rows -------------------------------------------------------------------------------------------------------
def _list_rejects(
    *, table: Table, spool: Spool, source: Path, asked: Path | None, dry_run: bool, now: dt.datetime
) -> Path | None:
    """Write the rejected rows as CSV: line of the file, reason, the row. Raises ImportRefused where that fails.

    Complete before anything is written to the database, so that no rejection is ever lost.
    """
    rejects = spool.rejects()
    if asked is None:
        if dry_run or not spool.reject_counts():
            return None
        stem = source.name.removesuffix(".gz").removesuffix(".csv")[:100]
        moment = timezone.localtime(now)
        folder = Path(settings.VAR_DIR) / "imports"
        asked = folder / f"{stem}-{moment:%Y%m%d-%H%M%S}-{os.getpid()}-rejected.csv"
        folder.mkdir(parents=True, exist_ok=True)
    elif asked.exists() and asked.samefile(source):
        raise ImportRefused(_("--rejected names the file that is imported; name another."))
    try:
        handle, draft = tempfile.mkstemp(prefix=".rejected-", dir=asked.parent)
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="") as out:
                writer = csv.writer(out, lineterminator="\n")
                writer.writerow(["line", "reason", *table.header])
                writer.writerows([line, words, *table.fields(text)] for line, words, text in rejects)
            os.chmod(draft, 0o644)
            os.replace(draft, asked)
        except BaseException:
            os.unlink(draft)
            raise
    except OSError as error:
        raise ImportRefused(
            _("The rejected rows cannot be listed in %(file)s: %(reason)s.")
            % {"file": asked, "reason": error.strerror}
        ) from error
    return asked


# Writing -------------------------------------------------------------------------------------------------------------
def _write(
    staging: Staging, run: Import, *, actor: User | None, now: dt.datetime, today: dt.date, began: float
) -> Difference:
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            with write_alone():
                _check_base_currency()
                difference = staging.compare()
                run.created, run.changed = difference.created, difference.changed
                run.unchanged = difference.unchanged
                run.finished_at = now + dt.timedelta(seconds=time.monotonic() - began)
                run.pk = None
                run.save(force_insert=True)
                note = _("Import of %(file)s") % {"file": run.file_name}
                if not staging.write(import_id=run.pk, actor=actor, now=now, note=note):
                    raise _Overtaken
                refresh_facts(today=today, account_ids=staging.touched_accounts(at_most=_FACTS_ONE_BY_ONE))
            break
        except (IntegrityError, _Overtaken) as error:
            # Somebody made or deleted one of the accounts by hand in the same moment: look again, it stands now.
            if attempt == _ATTEMPTS:
                raise ImportRefused(
                    _("Accounts were made or deleted while the file was read. Import it again.")
                ) from error
    return difference


def _summary(
    spool: Spool,
    gathered: Gathered,
    run: Import,
    difference: Difference,
    rejected_file: Path | None,
    *,
    dry_run: bool,
) -> Summary:
    return Summary(
        file_name=run.file_name,
        dry_run=dry_run,
        currency=settings.BASE_CURRENCY,
        rows_read=run.rows_read,
        rows_taken=run.rows_taken,
        rejected=spool.reject_counts(),
        first_rejects=[(line, words) for line, words, _text in islice(spool.rejects(), _FIRST_REJECTS)],
        accounts_created=difference.accounts,
        products_created=difference.products,
        owners_set=difference.owners,
        purchases_created=difference.created,
        purchases_changed=difference.changed,
        purchases_unchanged=difference.unchanged,
        total_cents=spool.totals()[2],
        unknown_owners=sorted(gathered.unknown_owners),
        rejected_file=rejected_file,
        import_id=run.pk,
    )
