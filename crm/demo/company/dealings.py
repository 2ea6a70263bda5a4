"""What the customers bought, said and were told, as rows."""

from __future__ import annotations

import datetime as dt
import uuid
from collections import defaultdict

from django.conf import settings

from accounts.models import (
    Account,
    ContactPerson,
    Import,
    Product,
    Purchase,
    PurchaseLine,
    quarter_number,
)
from contacts.models import Promise, Touchpoint
from crm.demo.buying import Bought
from crm.demo.company.bulk import bulk, moment
from crm.demo.company.drawing import Company
from crm.demo.company.staff import Staff
from crm.demo.contacting import Contact
from crm.demo.customers import Customer
from crm.team.models import User


def write_purchases(
    company: Company, rows: list[Account], articles: dict[str, Product], record: Import
) -> list[list[Purchase]]:
    """Invoice numbers run by market and year in the order of days, as an ERP gives them."""
    written: list[list[Purchase]] = [[] for _ in rows]
    lines: list[PurchaseLine] = []
    counts: dict[tuple[str, int], int] = defaultdict(int)
    in_order = sorted(
        (bought.ordered, place, at)
        for place, all_of in enumerate(company.purchases)
        for at, bought in enumerate(all_of)
    )
    by_place: dict[tuple[int, int], Purchase] = {}
    for day, place, at in in_order:
        bought, market = company.purchases[place][at], company.customers[place].market
        counts[market.country, day.year] += 1
        number = market.invoice(day.year, counts[market.country, day.year])
        by_place[place, at] = _purchase(rows[place], number, bought, record)
    for (place, _), purchase in sorted(by_place.items(), key=lambda item: item[0]):
        written[place].append(purchase)
    bulk(by_place.values())
    for (place, at), purchase in by_place.items():
        for position, line in enumerate(company.purchases[place][at].lines, 1):
            article = articles[line.article.code]
            lines.append(
                PurchaseLine(
                    purchase=purchase,
                    position=position,
                    product=article,
                    description=article.name,
                    quantity=line.quantity,
                    unit_price=line.unit_price,
                    amount=line.amount,
                )
            )
    bulk(lines)
    return written


def _purchase(account: Account, number: str, bought: Bought, record: Import) -> Purchase:
    return Purchase(
        account=account,
        number=number,
        ordered_on=bought.ordered,
        promised_on=bought.promised,
        delivered_on=bought.delivered,
        due_on=bought.due,
        paid_on=bought.paid,
        currency=settings.BASE_CURRENCY,
        amount=bought.amount,
        amount_cents=int(bought.amount * 100),
        quarter=quarter_number(bought.ordered),
        imported=record,
    )


def write_touchpoints(
    company: Company, staff: Staff, rows: list[Account], persons: list[list[ContactPerson]], now: dt.datetime
) -> list[list[Touchpoint]]:
    written: list[list[Touchpoint]] = [[] for _ in rows]
    made: dict[tuple[int, dt.date], int] = defaultdict(int)
    talked = []
    for place, customer in enumerate(company.customers):
        for turn, contact in enumerate(company.contacts[place]):
            user = _who(customer, contact, staff)
            made[user.pk, contact.day] += 1
            minute = 8 * 60 + (made[user.pk, contact.day] * 40 + customer.rng.randrange(0, 30, 5)) % 465
            at = moment(contact.day, minute, user.time_zone)
            written[place].append(
                Touchpoint(
                    account=rows[place],
                    user=user,
                    uuid=uuid.uuid5(uuid.NAMESPACE_URL, f"demo {customer.code} {turn}"),
                    at=at,
                    day=contact.day,
                    channel=contact.channel,
                    direction=contact.direction,
                    minutes=contact.minutes,
                    outcome=contact.outcome,
                    note=contact.note,
                    created_at=min(now, at + dt.timedelta(minutes=contact.minutes + 2)),
                )
            )
            if contact.outcome != "not_reached" or contact.direction == "in":
                talked.append((written[place][-1], persons[place][contact.person]))
    bulk(sorted((row for all_of in written for row in all_of), key=lambda row: row.at))
    through = Touchpoint.persons.through
    bulk(through(touchpoint=touchpoint, contactperson=person) for touchpoint, person in talked)
    return written


def _who(customer: Customer, contact: Contact, staff: Staff) -> User:
    """Who made the contact: the owner or the substitute, a colleague, the service desk."""
    country = customer.market.country
    if contact.by == "agent":
        return staff.agents[country == "BG"]
    owner = staff.owner(customer) or staff.leads[country]
    if contact.by == "colleague":
        return customer.rng.choice(staff.reps[country])
    return staff.present(owner, contact.day)


def write_promises(
    company: Company,
    rows: list[Account],
    persons: list[list[ContactPerson]],
    touchpoints: list[list[Touchpoint]],
) -> None:
    bulk(
        Promise(
            account=rows[place],
            person=persons[place][company.contacts[place][promised.contact].person],
            touchpoint=touchpoints[place][promised.contact],
            made_by=touchpoints[place][promised.contact].user,
            words=promised.words,
            made_on=touchpoints[place][promised.contact].day,
            due_on=promised.due,
            state=promised.state,
            closed_on=promised.closed,
        )
        for place, all_of in enumerate(company.promises)
        for promised in all_of
    )
