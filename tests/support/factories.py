"""Factories for bulk: rows that are valid and otherwise unremarkable."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import factory
from django.utils import timezone

from accounts.models import (
    Account,
    ContactPerson,
    Product,
    ProductLine,
    Purchase,
    PurchaseLine,
    quarter_number,
)
from complaints.models import Advice, Complaint, ComplaintMessage, ComplaintPolicy, ComplaintStep, Decision
from contacts.models import AgendaItem, ContactRule, FollowUp, Outcome, Reason, Touchpoint
from crm.team.models import Team, User


class TeamFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Team

    name = factory.Sequence(lambda n: f"Team {n}")


class UserFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = User

    email = factory.Sequence(lambda n: f"user{n}@example.com")
    name = factory.Sequence(lambda n: f"User {n}")


class AccountFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Account

    code = factory.Sequence(lambda n: f"K{n:06d}")
    name = factory.Sequence(lambda n: f"Zakład {n} Sp. z o.o.")


class ContactPersonFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = ContactPerson

    account = factory.SubFactory(AccountFactory)
    name = factory.Sequence(lambda n: f"Anna Nowak {n}")


class ProductLineFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = ProductLine

    name = factory.Sequence(lambda n: f"Line {n}")


class ProductFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Product

    code = factory.Sequence(lambda n: f"P{n}")
    line = factory.SubFactory(ProductLineFactory)


class PurchaseFactory(factory.django.DjangoModelFactory):
    """`cents` sets both amounts, in the base currency."""

    class Meta:
        model = Purchase

    class Params:
        cents = 10_000

    account = factory.SubFactory(AccountFactory)
    number = factory.Sequence(lambda n: f"FV/{n}")
    ordered_on = dt.date(2026, 9, 1)
    currency = "EUR"
    amount = factory.LazyAttribute(lambda o: Decimal(o.cents) / 100)
    amount_cents = factory.SelfAttribute("cents")
    quarter = factory.LazyAttribute(lambda o: quarter_number(o.ordered_on))


class PurchaseLineFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = PurchaseLine

    purchase = factory.SubFactory(PurchaseFactory)
    position = factory.Sequence(lambda n: n + 1)
    product = factory.SubFactory(ProductFactory)
    quantity = Decimal(1)
    amount = Decimal(100)


class TouchpointFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Touchpoint

    account = factory.SubFactory(AccountFactory)
    user = factory.SubFactory(UserFactory)
    day = dt.date(2026, 9, 1)
    at = factory.LazyAttribute(lambda o: timezone.make_aware(dt.datetime.combine(o.day, dt.time(10))))
    channel = "phone"
    minutes = 15
    outcome = Outcome.NEW_INFORMATION


class ContactRuleFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = ContactRule

    priority = factory.Sequence(lambda n: n + 1)
    channel = "phone"
    every_days = 30


class FollowUpFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = FollowUp

    account = factory.SubFactory(AccountFactory)
    assignee = factory.SubFactory(UserFactory)
    channel = "phone"
    day = dt.date(2026, 10, 13)


class AgendaItemFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = AgendaItem

    account = factory.SubFactory(AccountFactory)
    reason = Reason.MANUAL
    source = factory.Sequence(lambda n: f"test:{n}")
    channel = "phone"
    due = dt.date(2026, 10, 13)
    earliest = factory.SelfAttribute("due")
    latest = factory.SelfAttribute("due")


class ComplaintPolicyFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = ComplaintPolicy

    version = factory.Sequence(lambda n: n + 1)


class ComplaintFactory(factory.django.DjangoModelFactory):
    """Opened on a Monday at 9:00 in Warsaw; `step` writes the first step of its history."""

    class Meta:
        model = Complaint
        skip_postgeneration_save = True

    account = factory.SubFactory(AccountFactory)
    number = factory.Sequence(lambda n: f"R/{n}")
    category_id = "quality"
    words = "It leaks."
    opened_at = dt.datetime(2026, 10, 12, 7, 0, tzinfo=dt.UTC)
    opened_on = factory.LazyAttribute(lambda o: timezone.localdate(o.opened_at))

    @factory.post_generation
    def step(obj, create, extracted, **kwargs):
        """The first step, unless step=False."""
        if create and extracted is not False:
            ComplaintStepFactory(complaint=obj, to_state="new", at=obj.opened_at)


class QuestionFactory(ComplaintFactory):
    kind = "question"
    category_id = "question"
    subject = "When is it delivered?"


class ComplaintStepFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = ComplaintStep

    complaint = factory.SubFactory(ComplaintFactory)


class ComplaintMessageFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = ComplaintMessage

    complaint = factory.SubFactory(ComplaintFactory)
    kind = "internal"
    words = "Asked the warehouse."
    at = dt.datetime(2026, 10, 12, 8, 0, tzinfo=dt.UTC)


class AdviceFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Advice

    complaint = factory.SubFactory(ComplaintFactory)
    policy = factory.SubFactory(ComplaintPolicyFactory)
    advised = "weigh"
    grounds = factory.LazyFunction(lambda: [{"code": "no_claim"}])
    at = dt.datetime(2026, 10, 12, 8, 0, tzinfo=dt.UTC)


class DecisionFactory(factory.django.DjangoModelFactory):
    """One that waits for a second person."""

    class Meta:
        model = Decision

    complaint = factory.SubFactory(ComplaintFactory)
    advice = factory.SubFactory(AdviceFactory, complaint=factory.SelfAttribute("..complaint"))
    outcome = "accepted"
    amount_cents = 500_000
    decided_by = factory.SubFactory(UserFactory)
    decided_at = dt.datetime(2026, 10, 12, 9, 0, tzinfo=dt.UTC)
    approval = "pending"
