"""The filter by a colleague. A company has more people than a page can name, so they are read when it is opened."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db.models import QuerySet
from django.utils.functional import Promise

from crm.lists.filters import Choices, Control, Filter
from crm.team.models import User
from crm.team.requests import Request

SHOWN = 50
"""People that an opened filter names at once; letters of their names find the others."""
LONGEST = 100
"""Letters that are looked for."""
_LONGEST_ID = 18  # digits that fit a database's integers


@dataclass(frozen=True)
class Person(Filter):
    """One of the people whom the user can choose, or a word that stands for some ("Mine"); its value is an id or such a
    word.

    people: whom the user can choose, in the order in which they are shown; `none()` where there is nobody: then the
    words are a plain choice. Closed, it names only what is chosen; `?menu=<name>` opens it, and `find` narrows it.
    """

    people: Callable[[Request], QuerySet[User]] = lambda request: User.objects.none()
    words: Callable[[Request], Choices] = lambda request: ()
    anything: str | Promise = ""
    """The words where nothing is chosen."""
    alone: bool = True
    """Whether the words are offered where there are no people to choose."""
    shape = "person"

    def choices_for(self, request: Request) -> Choices:
        return self.words(request)

    def meaning(self, value: str, choices: Choices) -> str:
        return value if any(value == known for known, _words in choices) else ""

    def control(self, request: Request, asked: str) -> PersonControl:
        return PersonControl(self, request, asked)


class PersonControl(Control):
    """A filter by a colleague as one request shows it."""

    of: Person
    url = ""
    """Opens it; set where it is drawn."""

    @cached_property
    def people(self) -> QuerySet[User]:
        """Whom the user can choose."""
        return self.of.people(self.request)

    @cached_property
    def has_people(self) -> bool:
        """Whether there may be people to choose; asks no database."""
        return not self.people.query.is_empty()

    @property
    def shape(self) -> str:
        return self.of.shape if self.has_people else "choice"

    @cached_property
    def choices(self) -> list[tuple[str, str]]:
        """The words, and the person asked for."""
        words = [(value, str(words)) for value, words in self.of.choices_for(self.request)]
        if not self.asked or any(self.asked == value for value, _words in words):
            return words
        name = names(self.of, self.request, [self.asked])[self.asked]
        return [*words, (self.asked, name)] if name else words

    @property
    def shown(self) -> bool:
        return self.has_people or self.of.alone

    @property
    def chosen(self) -> str:
        """What is chosen in words."""
        return dict(self.choices).get(self.value) or str(self.of.anything)

    # Opened ---------------------------------------------------------------------------------------------------------
    @property
    def opened(self) -> bool:
        """Whether the people are asked for."""
        return self.has_people and self.request.GET.get("menu") == self.of.name

    @property
    def find(self) -> str:
        """The letters looked for."""
        return self.request.GET.get("find", "").strip()[:LONGEST]

    @cached_property
    def found(self) -> list[tuple[str, str]]:
        """The words and all people with every word of `find` in their names, one query.

        Compared here: SQLite folds the case of ASCII letters only.
        """
        wanted = self.find.casefold().split()
        return [
            (value, name)
            for value, name in (("", str(self.of.anything)), *self.offered())
            if all(word in name.casefold() for word in wanted)
        ]

    def offered(self) -> list[tuple[str, str]]:
        """All that can be chosen: the words and the people."""
        words = [(value, str(words)) for value, words in self.of.choices_for(self.request)]
        return words + [(str(pk), name) for pk, name in self.people.values_list("pk", "name")]


def names(of: Person, request: Request, values: Iterable[str]) -> Mapping[str, str]:
    """The names of those of the values that are people whom the user can choose, "" for others.

    One query for all that this request has not asked for yet.
    """
    every: dict[Any, dict[str, str]] = request.__dict__.setdefault("_people_by_value", {})
    known = every.setdefault(of.people, {})
    ids = {value: 0 for value in values if value not in known}
    for value in ids:
        if value.isascii() and value.isdigit() and len(value) <= _LONGEST_ID and str(int(value)) == value:
            ids[value] = int(value)
    found: dict[int, str] = {}
    if any(ids.values()):
        asked = of.people(request).filter(pk__in=[pk for pk in ids.values() if pk])
        found = dict(asked.values_list("pk", "name"))
    known |= {value: found.get(pk, "") for value, pk in ids.items()}
    return known


def read_ahead(filters: Iterable[Filter], request: Request, states: Iterable[Mapping[str, Any]]) -> None:
    """Ask for the people of several states of a list at once: a filter asks for each when it is shown."""
    states = list(states)
    for each in filters:
        if isinstance(each, Person):
            words = {value for value, _words in each.choices_for(request)}
            asked = {str(state.get(each.name, "")).strip() for state in states}
            names(each, request, asked - words - {""})
