"""The rows of the generated company, as streams for COPY."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator

from django.conf import settings
from django.utils import timezone

from accounts.models import Account, ContactPerson, Product, Purchase, quarter_number
from benchmarks.loading import NULL, copy, follow_ids, run
from benchmarks.profiles import HISTORY_DAYS, PORTFOLIO, Profile
from complaints.catalogues import OF_COMPLAINTS
from complaints.models import Complaint
from contacts.models import AgendaItem, FollowUp, Promise, Reason, Touchpoint
from crm.demo.names import MARKETS
from crm.team.models import User

CONTACT_DAYS = 3 * 365
_OWNERLESS = 0.01


def _owner(place: int, reps: list[User]) -> int:
    return reps[min(place // PORTFOLIO, len(reps) - 1)].pk


def write_accounts(profiles: list[Profile], reps: list[User], today: dt.date, seed: int) -> None:
    """With their search keys and spread numbers; about one in a hundred without an owner."""
    columns = (
        "id code name owner_id country city postal_code address phone email tax_number language strategy_goal"
        " service_level seasonal potential_cents spread search_key created_at"
    )

    def lines() -> Iterator[str]:
        markets = list(MARKETS.values())
        # A portfolio's rows do not lie side by side: accounts come in the order in which they were won, not by owner.
        order = list(range(len(profiles)))
        random.Random(seed).shuffle(order)
        for place in order:
            rng = random.Random(f"account {seed} {place}")
            market = rng.choice(markets)
            city = rng.choice(market.cities)
            account = Account(
                code=f"K{place + 1:07d}",
                name=market.firm(rng, city).name[:200],
                city=city.name,
                email=f"office@k{place + 1:07d}.example",
                phone=market.number(rng, city),
                tax_number=market.tax_number(rng),
            )
            account.derive()
            owner = NULL if place >= PORTFOLIO and rng.random() < _OWNERLESS else _owner(place, reps)
            goal = rng.choice(("keep", "keep", "keep", "sell_more", "sell_more", "deepen"))
            level = rng.choice(("basic", "standard", "standard", "standard", "premium"))
            potential = int(profiles[place].ticket * rng.randint(4, 40)) if rng.random() < 0.5 else 0
            created = today - dt.timedelta(days=max(profiles[place].first, 30) + rng.randint(5, 60))
            yield (
                f"{place + 1}\t{account.code}\t{account.name}\t{owner}\t{market.country}\t{account.city}\t"
                f"{market.postal_code(rng, city)}\t{market.street(rng)}\t{account.phone}\t{account.email}\t"
                f"{account.tax_number}\t{market.language}\t{goal}\t{level}\t{int(rng.random() < 0.03)}\t"
                f"{potential}\t{account.spread}\t{account.search_key}\t{created} 08:00:00"
            )

    copy(Account, columns, lines())
    follow_ids(Account)


def write_persons(accounts: int, seed: int) -> int:
    """One to three at every account; returns how many."""
    columns = (
        "account_id name position buying_role influence is_main phone email language consents_to_mail"
        " consents_to_calls search_key created_at"
    )
    written = 0

    def lines() -> Iterator[str]:
        nonlocal written
        markets = list(MARKETS.values())
        roles = ContactPerson.BuyingRole.values
        now = f"{timezone.now():%Y-%m-%d %H:%M:%S}"
        for place in range(accounts):
            rng = random.Random(f"person {seed} {place}")
            market = rng.choice(markets)
            for at in range(rng.choice((1, 1, 2, 2, 3))):
                written += 1
                human = market.human(rng)
                person = ContactPerson(
                    name=human.name,
                    email=f"p{at + 1}@k{place + 1:07d}.example",
                    phone=f"{market.dialling} 00{rng.randrange(10**7):07d}",
                )
                person.derive()
                yield (
                    f"{place + 1}\t{person.name}\t\t{rng.choice(roles)}\t{rng.randint(1, 3)}\t{int(at == 0)}\t"
                    f"{person.phone}\t{person.email}\t{market.language}\t1\t1\t{person.search_key}\t{now}"
                )

    copy(ContactPerson, columns, lines())
    return written


def write_purchases(profiles: list[Profile], today: dt.date, seed: int, imported: int) -> None:
    """They lie in the order of their days, as an ERP sends them; `imported` is the id of their Import."""
    columns = "account_id number ordered_on delivered_on due_on paid_on currency amount amount_cents quarter"
    columns += " imported_id"
    copy(Purchase, columns, _purchases(profiles, today, seed, imported), order_by="ordered_on, number")


def _purchases(profiles: list[Profile], today: dt.date, seed: int, imported: int) -> Iterator[str]:
    """One line per purchase: returns at 3 %, delivered within three weeks, paid sooner or later or not yet."""
    days = [today - dt.timedelta(days=back) for back in range(HISTORY_DAYS + 1)]
    text = [day.isoformat() for day in days]
    ahead = [(today + dt.timedelta(days=step)).isoformat() for step in range(60)]
    quarters = [quarter_number(day) for day in days]
    currency = settings.BASE_CURRENCY
    for place, profile in enumerate(profiles):
        draw = random.Random(f"purchases {seed} {place}").random
        span, terms, ticket = profile.first - profile.last, profile.terms, profile.ticket
        for n in range(profile.purchases):
            back = profile.last + int(draw() * span)
            luck = draw()
            cents = int(ticket * (0.2 + 1.6 * luck * (0.5 + draw()))) + 100
            if luck < 0.03:
                cents = -cents // 2
            due = back - terms
            late = draw() < profile.late
            paid = due - (int(8 + draw() * 60) if late else int(draw() * 7))
            delivered = back - int(luck * 21)
            yield (
                f"{place + 1}\tF{place + 1:06d}-{n:04d}\t{text[back]}\t"
                f"{text[delivered] if delivered >= 0 else NULL}\t{text[due] if due >= 0 else ahead[-due]}\t"
                f"{text[paid] if paid >= 0 else NULL}\t{currency}\t{cents / 100:.2f}\t{cents}\t{quarters[back]}\t"
                f"{imported}"
            )


def write_lines(count: int) -> None:
    """So many equal lines for every purchase, made where the purchases are."""
    products = list(Product.objects.order_by("id").values_list("pk", flat=True))
    for position in range(1, count + 1):
        run(
            "INSERT INTO accounts_purchaseline (purchase_id, position, product_id, description, quantity, amount)"
            f" SELECT id, {position}, {products[0]} + (id * 7 + {position}) %% {len(products)}, '', 1,"
            f" amount / {count} FROM accounts_purchase ORDER BY id"
        )


_CHANNELS = (
    ("phone", 12),
    ("phone", 15),
    ("phone", 8),
    ("email", 5),
    ("email", 6),
    ("visit", 60),
    ("visit", 45),
    ("video", 30),
    ("material", 3),
    ("broadcast", 0),
)
_OUTCOMES = (
    *("new_order", "new_information", "new_information", "relationship", "relationship", "nothing"),
    *("not_reached", "nothing"),
)
_NOTES = ("", "", "Asked for the new price list.", "Wants to hear from us before the summer shutdown.")


def write_touchpoints(profiles: list[Profile], reps: list[User], today: dt.date, seed: int) -> None:
    """Made by the owners, in the order in which they took place."""
    columns = "account_id user_id uuid at day channel direction minutes outcome note created_at"
    copy(Touchpoint, columns, _touchpoints(profiles, reps, today, seed), order_by="at, uuid")


def _touchpoints(profiles: list[Profile], reps: list[User], today: dt.date, seed: int) -> Iterator[str]:
    text = [(today - dt.timedelta(days=back)).isoformat() for back in range(CONTACT_DAYS + 1)]
    for place, profile in enumerate(profiles):
        rng = random.Random(f"touchpoints {seed} {place}")
        draw, bits, user = rng.random, rng.getrandbits, _owner(place, reps)
        for _ in range(profile.touchpoints):
            day = text[1 + int(draw() * (CONTACT_DAYS - 1))]
            channel, minutes = _CHANNELS[int(draw() * 10)]
            luck = draw()
            at = f"{day} {8 + int(luck * 7):02d}:{int(luck * 59):02d}:00"
            uuid = f"{bits(128):032x}"
            yield (
                f"{place + 1}\t{user}\t{uuid}\t{at}\t{day}\t{channel}\t{'in' if luck < 0.2 else 'out'}\t{minutes}\t"
                f"{_OUTCOMES[int(draw() * 8)]}\t{_NOTES[int(luck * 4)]}\t{at}"
            )


MET = """
    INSERT INTO contacts_touchpoint_persons (touchpoint_id, contactperson_id)
    SELECT t.id, p.id FROM contacts_touchpoint t
    JOIN accounts_contactperson p ON p.account_id = t.account_id AND p.is_main
    WHERE t.channel <> 'broadcast' AND t.id %% 3 <> 0 ORDER BY t.id
"""
HISTORY = """
    INSERT INTO accounts_historicalaccount ({columns}, history_date, history_type)
    SELECT {columns}, created_at, '+' FROM accounts_account ORDER BY id
"""
ACQUAINTANCES = """
    INSERT INTO accounts_acquaintance (person_id, user_id, strength)
    SELECT p.id, a.owner_id, 2 FROM accounts_contactperson p JOIN accounts_account a ON a.id = p.account_id
    WHERE p.is_main AND a.owner_id IS NOT NULL ORDER BY p.id
"""


def write_complaints(accounts: int, reps: list[User], today: dt.date, seed: int) -> None:
    """At 2 % of the accounts, some of them open."""
    rows = []
    for place in range(accounts):
        rng = random.Random(f"complaint {seed} {place}")
        if rng.random() < 0.02:
            opened = today - dt.timedelta(days=rng.randint(1, 500))
            closed = min(opened + dt.timedelta(days=rng.randint(1, 30)), today)
            rows.append(
                Complaint(
                    account_id=place + 1,
                    number=f"R{place + 1:07d}",
                    category_id=rng.choice(OF_COMPLAINTS),
                    words="Not what we had agreed.",
                    opened_on=opened,
                    closed_on=closed if closed < today else None,
                    state=Complaint.State.CLOSED if closed < today else Complaint.State.NEW,
                    taken_by_id=_owner(place, reps),
                )
            )
    Complaint.objects.bulk_create(rows, batch_size=2000)
    still_open = [row.account_id for row in rows if row.closed_on is None]
    Account.objects.filter(pk__in=still_open).update(open_complaints=1)


def write_promises(accounts: int, reps: list[User], today: dt.date, now: dt.datetime, seed: int) -> None:
    """Open promises at 2 % of the accounts, each with its item and follow-up, as logging leaves them."""
    promises = []
    for place in range(accounts):
        rng = random.Random(f"promise {seed} {place}")
        if rng.random() < 0.02:
            made = today - dt.timedelta(days=rng.randint(3, 12))
            promises.append(
                Promise(
                    account_id=place + 1,
                    made_by_id=_owner(place, reps),
                    words="Send the drawing of the new pump.",
                    made_on=made,
                    due_on=today + dt.timedelta(days=rng.randint(-2, 12)),
                )
            )
    Promise.objects.bulk_create(promises, batch_size=2000)
    follow_ups = FollowUp.objects.bulk_create(
        (
            FollowUp(
                account_id=one.account_id,
                assignee_id=one.made_by_id,
                channel="phone",
                day=one.due_on,
                minutes=10,
                created_at=now,
            )
            for one in promises
        ),
        batch_size=2000,
    )
    AgendaItem.objects.bulk_create(
        (
            AgendaItem(
                account_id=one.account_id,
                follow_up=follow_up,
                reason=Reason.PROMISE_DUE,
                source=f"promise:{one.pk}",
                words=one.words,
                channel="phone",
                minutes=10,
                earliest=one.made_on,
                due=one.due_on,
                latest=one.due_on,
                created_at=now,
            )
            for one, follow_up in zip(promises, follow_ups, strict=True)
        ),
        batch_size=2000,
    )
