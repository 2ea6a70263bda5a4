"""The customers as rows: accounts, the persons there, who of us knows them, what was edited since."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator

from django.db import models

from accounts.models import Account, AccountTeamMember, Acquaintance, ContactPerson
from crm.demo import notes
from crm.demo.company.bulk import bulk, moment
from crm.demo.company.drawing import Company
from crm.demo.company.staff import Staff
from crm.demo.customers import Customer, is_seasonal_trade
from crm.demo.names.market import Human, slug
from crm.team.models import User


def write_accounts(company: Company, staff: Staff, today: dt.date) -> list[Account]:
    rows = []
    for place, customer in enumerate(company.customers):
        rows.append(_account(company, place, customer, staff, today))
        rows[-1].derive()
    heads = {c.group for c in company.customers if c.group is not None}
    # Parents first, so that their ids are known when their sites are written.
    bulk(rows[place] for place in sorted(heads))
    for place, customer in enumerate(company.customers):
        if customer.group is not None:
            rows[place].parent = rows[customer.group]
    bulk(row for place, row in enumerate(rows) if place not in heads)
    bulk(_team_members(company, staff, rows))
    bulk(_edits(company, staff, rows, today))
    return rows


def _edits(company: Company, staff: Staff, rows: list[Account], today: dt.date) -> Iterator[models.Model]:
    """The history of the accounts: made when they became known; some have changed owner or goal since."""
    for place, row in enumerate(rows):
        customer = company.customers[place]
        rng, reps = customer.rng, staff.reps[customer.market.country]
        lead, fate = staff.leads[customer.market.country], customer.rng.random()
        before: dict[str, object] = {}
        if fate < 0.08 and row.owner:
            before["owner_id"] = rng.choice([user.pk for user in reps if user != row.owner])
        elif fate < 0.16:
            before["strategy_goal"] = rng.choice([g for g in Account.Goal.values if g != row.strategy_goal])
        yield _version(row, "+", row.created_at, None, before)
        if before:
            day = today - dt.timedelta(days=rng.randint(20, 400))
            later = moment(day, rng.randint(9 * 60, 16 * 60), "UTC")
            actor = lead if "owner_id" in before else row.owner
            yield _version(row, "~", max(later, row.created_at + dt.timedelta(hours=2)), actor, {})


_VERSION = Account.history.model


def _version(
    row: Account, kind: str, at: dt.datetime, actor: User | None, before: dict[str, object]
) -> models.Model:
    """One row of the account's history: as it stands now, but for what it was `before`."""
    fields = {field.attname: getattr(row, field.attname) for field in _VERSION.tracked_fields}
    return _VERSION(**fields | before, history_type=kind, history_date=at, history_user=actor)


def _account(company: Company, place: int, customer: Customer, staff: Staff, today: dt.date) -> Account:
    rng, market, attention = customer.rng, customer.market, company.attention[place]
    bought = company.purchases[place]
    known_since = bought[0].ordered if bought else today - dt.timedelta(days=rng.randint(20, 500))
    potential = customer.yearly * rng.triangular(1.0, 3.0, 1.3) if rng.random() < 0.6 else 0
    if not customer.buys:
        potential = customer.yearly * rng.triangular(1.0, 4.0, 2.0)
    goals = ("keep", "keep", "keep", "sell_more", "sell_more", "deepen")
    return Account(
        code=customer.code,
        name=customer.firm.name[:200],
        owner=staff.owner(customer),
        country=market.country,
        city=customer.city.name,
        postal_code=market.postal_code(rng, customer.city),
        address=market.street(rng),
        phone=market.number(rng, customer.city),
        email=f"{rng.choice(('office', 'info', 'contact'))}@{customer.domain}",
        website=f"https://www.{customer.domain}" if rng.random() < 0.8 else "",
        tax_number=market.tax_number(rng),
        language=market.language,
        notes=rng.choice(notes.ACCOUNT_NOTES) if rng.random() < 0.14 else "",
        strategy_goal=rng.choice(goals),
        service_level="premium" if company.premium[place] else ("standard", "basic")[attention == "C"],
        character=_character(rng, customer, attention),
        seasonal=bool(customer.season) and (rng.random() < 0.8 or is_seasonal_trade(customer)),
        potential_cents=round(potential / 100) * 10_000,
        expected_orders_per_year=round(365 / customer.gap) if customer.buys and rng.random() < 0.3 else None,
        created_at=moment(known_since - dt.timedelta(days=rng.randint(10, 90)), 9 * 60, "UTC"),
    )


def _character(rng: random.Random, customer: Customer, attention: str) -> str:
    """What somebody thought of the customer, where somebody did."""
    if customer.kind.name == "late":
        return rng.choice(("difficult", "difficult", ""))
    if rng.random() < 0.65:
        return ""
    return rng.choice(("excellent", "average", "average") if attention == "A" else ("average", "passive"))


def _team_members(company: Company, staff: Staff, rows: list[Account]) -> Iterator[AccountTeamMember]:
    """A colleague or the service desk beside the owner, at some of the big ones."""
    for place, customer in enumerate(company.customers):
        owner = staff.owner(customer)
        if company.attention[place] == "A" and customer.rng.random() < 0.16 and owner:
            others = [u for u in (*staff.reps[customer.market.country], *staff.agents) if u != owner]
            yield AccountTeamMember(account=rows[place], user=customer.rng.choice(others))


def write_persons(
    company: Company, staff: Staff, rows: list[Account], today: dt.date
) -> list[list[ContactPerson]]:
    all_persons = []
    for place, customer in enumerate(company.customers):
        persons = [
            _person(customer, human, at, rows[place], today)
            for at, human in enumerate(company.persons[place])
        ]
        all_persons.append(persons)
    bulk(person for persons in all_persons for person in persons)
    bulk(_acquaintances(company, staff, all_persons))
    return all_persons


def _person(customer: Customer, human: Human, at: int, account: Account, today: dt.date) -> ContactPerson:
    rng = customer.rng
    order = ("decides", "influences", "uses", "pays", "gatekeeper")
    role = rng.choice(("decides", "influences", "decides")) if at == 0 else order[at]
    positions, influence = notes.POSITIONS[role]
    consents = rng.random() < 0.7
    birthday = dt.date(rng.randint(1958, 1999), 1, 1) + dt.timedelta(days=rng.randint(0, 364))
    wishes = at == 0 and rng.random() < 0.2
    person = ContactPerson(
        account=account,
        name=human.name,
        position=rng.choice(positions),
        buying_role=role if rng.random() < 0.85 else "",
        influence=influence if rng.random() < 0.7 else None,
        is_main=at == 0,
        phone=customer.market.number(rng, customer.city) if rng.random() < 0.8 else "",
        email=f"{slug(human.first)}.{slug(human.last)}@{customer.domain}" if rng.random() < 0.85 else "",
        preferred_channel=rng.choice(("phone", "email", "visit", "video")) if rng.random() < 0.3 else "",
        preferred_times=rng.choice(notes.PREFERRED_TIMES) if wishes else "",
        language=customer.market.language,
        birthday=birthday if rng.random() < 0.35 else None,
        name_day=f"{rng.randint(1, 12):02d}-{rng.randint(1, 28):02d}"
        if customer.market.country != "HU" and rng.random() < 0.2
        else "",
        consents_to_mail=consents,
        consents_to_calls=rng.random() < 0.8,
        consents_to_greetings=rng.random() < 0.4,
        consent_recorded_on=today - dt.timedelta(days=rng.randint(5, 700)) if consents else None,
        left_on=today - dt.timedelta(days=rng.randint(3, 300)) if at > 0 and rng.random() < 0.03 else None,
    )
    person.derive()
    return person


def _acquaintances(
    company: Company, staff: Staff, persons: list[list[ContactPerson]]
) -> Iterator[Acquaintance]:
    """The owner knows the main person; at A often a second one, sometimes somebody else of us knows one as well."""
    for place, customer in enumerate(company.customers):
        owner, rng = staff.owner(customer), customer.rng
        if owner is None or not company.contacts[place]:
            continue
        well = {"A": 3, "B": 2}.get(company.attention[place], 1)
        for at, person in enumerate(persons[place]):
            if at == 0 or rng.random() < (0.6 if well == 3 else 0.2):
                yield Acquaintance(person=person, user=owner, strength=max(1, well - min(at, 1)))
        if well == 3 and rng.random() < 0.25:
            yield Acquaintance(person=persons[place][-1], user=rng.choice(staff.agents), strength=1)
