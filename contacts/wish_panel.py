"""Wishes on the account page: a block on the Overview, and a line on each person's card (accounts.panels)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.db.models import CharField
from django.db.models.expressions import Combinable
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from accounts.models import Account, ContactPerson
from accounts.panels import SIDE, Block, PersonCard, how_many, of_account
from contacts.models import ContactWish
from contacts.wishes import FIELDS, may_write, sentence
from crm.team.requests import Request

_TIMES = ("from_time", "until_time", "slot_time")
_NUMBERS = ("slot_week", "slot_weekday", "at_most", "per_days")
_LISTS = ("preferred_channels", "forbidden_channels")


class Wishes(Block):
    """What the account asks of our contacts, and how many persons there ask for something else. No query of its own."""

    slug = "wishes"
    place = SIDE
    template = "contacts/blocks/wishes.html"

    def facts(self, request: Request) -> dict[str, Combinable]:
        """The account's wish as one text (`from_text`), None without one; the number of persons with a wish."""
        parts = " || '|' || ".join(f"COALESCE(CAST(w.{name} AS text), '')" for name in FIELDS)
        own = "FROM contacts_contactwish w WHERE w.account_id = accounts_account.id AND w.person_id IS NULL"
        return {
            "contacts_wish": of_account(f"SELECT {parts} {own}", output_field=CharField()),
            "contacts_person_wishes": how_many("contacts_contactwish", "person_id IS NOT NULL"),
        }

    def load(self, account: Account, request: Request) -> dict[str, Any]:
        """The wish in words, "" for none."""
        facts = vars(account)
        text = facts["contacts_wish"]
        return {
            "wish": sentence(from_text(text)) if text is not None else "",
            "person_wishes": facts["contacts_person_wishes"],
            "may_write": may_write(request.user, account, on=request.today),
        }


def from_text(text: str) -> ContactWish:
    """The wish that `Wishes.facts` read as one text: its FIELDS with a bar between; what they said stands last."""
    values = dict(zip(FIELDS, text.split("|", len(FIELDS) - 1), strict=True))
    found: dict[str, Any] = {"note": values["note"], "weekdays": values["weekdays"]}
    for name in _LISTS:
        # A list of channels as both databases write JSON: ["phone", "email"].
        found[name] = [word for word in values[name].strip("[]").replace('"', "").split(", ") if word]
    for name in _NUMBERS:
        found[name] = int(values[name]) if values[name] else None
    for name in _TIMES:
        found[name] = dt.time.fromisoformat(values[name]) if values[name] else None
    return ContactWish(**found)


class PersonWishes(PersonCard):
    """What each person asks of our contacts, with the way to write it down. One query."""

    def cards(
        self, account: Account, persons: Sequence[ContactPerson], request: Request
    ) -> dict[int, SafeString]:
        """By person, the entry of the card; none for who neither asked for anything nor may be written about."""
        wishes = {wish.person_id: wish for wish in ContactWish.objects.filter(person__in=persons)}
        may = may_write(request.user, account, on=request.today)
        return {
            person.pk: render_to_string(
                "contacts/blocks/person_wishes.html",
                {
                    "account": account,
                    "person": person,
                    "wish": sentence(wishes[person.pk]) if person.pk in wishes else "",
                    "may_write": may,
                },
            )
            for person in persons
            if may or person.pk in wishes
        }
