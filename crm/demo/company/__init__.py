"""The example company as rows: one call, one transaction, the same company for the same seed and day.

Everything random is drawn before in values (drawing); here and beside they are written in bulk.
"""

from __future__ import annotations

import datetime as dt
import hashlib

from django.db import transaction

from accounts.facts import refresh_facts
from accounts.models import Import
from complaints import catalogues
from complaints.models import ComplaintCategory, RootCause, ServiceLevel
from contacts.facts import refresh_last_contact
from crm.demo.company.complaining import write_complaints
from crm.demo.company.customers import write_accounts, write_persons
from crm.demo.company.dealings import write_promises, write_purchases, write_touchpoints
from crm.demo.company.desks import write_agenda
from crm.demo.company.drawing import Company, draw_company
from crm.demo.company.staff import write_products, write_rules, write_staff
from crm.team.calendars import fill_holidays
from segmentation import reasons
from segmentation.models import Reason

PRESET = "demo"
"""Marks the Import row that says: this company is the example, made on that day with that seed."""
SEED = 20
ACCOUNTS = 1200


@transaction.atomic
def make_company(
    *, today: dt.date, now: dt.datetime, accounts: int = ACCOUNTS, seed: int = SEED
) -> dict[str, int]:
    """Write the example company into an empty database; returns how many rows of each kind.

    The same `accounts`, `seed` and `today` give the same company, apart from ids and the password's salt. Amounts are
    in settings.BASE_CURRENCY. Killed, it leaves nothing behind.
    """
    fill_holidays(years=range(today.year - 4, today.year + 3))
    staff = write_staff(today)
    company = draw_company(staff.days, today=today, accounts=accounts, seed=seed)
    articles = write_products()
    write_rules(today)
    record = _write_record(company, accounts, seed, today, now)
    rows = write_accounts(company, staff, today)
    persons = write_persons(company, staff, rows, today)
    purchases = write_purchases(company, rows, articles, record)
    touchpoints = write_touchpoints(company, staff, rows, persons, now)
    write_promises(company, rows, persons, touchpoints)
    reasons.fill(Reason)
    catalogues.fill(category=ComplaintCategory, cause=RootCause, level=ServiceLevel)
    complaints = write_complaints(company, staff, rows, persons, purchases, articles, now=now, seed=seed)
    write_agenda(company, staff, rows, persons, touchpoints, now=now)
    refresh_facts(today=today)
    refresh_last_contact()
    return {
        "accounts": len(rows),
        "persons": sum(map(len, persons)),
        "purchases": sum(map(len, purchases)),
        "touchpoints": sum(map(len, touchpoints)),
        "promises": sum(map(len, company.promises)),
        "complaints": complaints,
    }


def record_of() -> Import:
    """The row that marks the example company. Raises Import.DoesNotExist where the database holds none."""
    return Import.objects.get(preset=PRESET)


def made_on() -> dt.date | None:
    """The day on which this database's example company was made; None where it holds none."""
    record = Import.objects.filter(preset=PRESET).first()
    return dt.date.fromisoformat(record.mapping["today"]) if record else None


def finish(record: Import) -> None:
    """Mark that the company's quarters are tiered and its contacts planned."""
    record.mapping = record.mapping | {"finished": True}
    record.save(update_fields=["mapping"])


def _write_record(company: Company, accounts: int, seed: int, today: dt.date, now: dt.datetime) -> Import:
    """The purchases came from somewhere: this row says from where, and marks the database as the example's."""
    made = sum(map(len, company.purchases))
    lines = sum(len(bought.lines) for all_of in company.purchases for bought in all_of)
    described = {"accounts": accounts, "seed": seed, "today": today.isoformat()}
    return Import.objects.create(
        kind=Import.Kind.PURCHASES,
        file_name="The example company",
        sha256=hashlib.sha256(repr(sorted(described.items())).encode()).hexdigest(),
        preset=PRESET,
        mapping=described,
        rows_read=lines,
        rows_taken=lines,
        created=made,
        started_at=now,
        finished_at=now,
    )
