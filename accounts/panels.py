"""The door by which apps put tabs, blocks and figures on the account page (docs/architecture.md, the three doors).

`settings.ACCOUNT_PANELS` names the tabs and `settings.ACCOUNT_BLOCKS` what stands on the Overview and in the head, as
ordered tuples of dotted paths, so that everything on the page is found in one place and nothing registers itself.
Only the open tab loads; the numbers beside all tabs come from one query. The account was found through
`AccountQuerySet.visible_to` before any of this is called, and `request.user` may see it.

    class Timeline(Panel):
        slug = "timeline"
        title = _("Timeline")
        template = "contacts/panels/timeline.html"

        def count(self, request):
            return how_many("contacts_touchpoint", "deleted_at IS NULL")

        def load(self, account, request):
            return {"touchpoints": Touchpoint.objects.live().filter(account=account)[:50]}

The template gets what `load` returns, and `account`, `panel`, `today`, `editable` (whether the user may change the
account's data) and the usual context of a request. It renders the inside of a tab; a block renders its own section
(see Block).
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar

from django.conf import settings
from django.db.models import Field, IntegerField, QuerySet
from django.db.models.expressions import Combinable, RawSQL
from django.template.loader import render_to_string
from django.utils.functional import Promise
from django.utils.module_loading import import_string
from django.utils.safestring import SafeString

from accounts.models import Account, ContactPerson
from crm.team.models import User
from crm.team.requests import Request

HEAD, MAIN, SIDE = "head", "main", "side"


class Panel:
    """One tab of the account page. `slug` is the end of its address: /accounts/17/<slug>/."""

    slug: ClassVar[str]
    title: ClassVar[str | Promise]
    template: ClassVar[str]

    def visible(self, user: User) -> bool:
        """Whether this user has the tab at all; without it, its address is 404."""
        return True

    def count(self, request: Request) -> Combinable | None:
        """The number beside the tab as an expression on Account (`how_many` makes one), None for no number."""
        return None

    def facts(self, request: Request) -> dict[str, Combinable]:
        """Expressions on Account that `load` or `stats` want as attributes of the account: read with it, in one query.

        Names carry the app's name in front (`contacts_minutes_12m`), because all blocks share the account.
        """
        return {}

    def facts_follow(self, request: Request) -> Hashable:
        """What `facts` and `count` depend on beside the day: while it is equal, they are not asked for again."""
        return None

    def load(self, account: Account, request: Request) -> dict[str, Any]:
        """The context of the template. Called only while the tab is open."""
        return {}

    def render(self, account: Account, request: Request, **context: Any) -> SafeString:
        """The inside of the tab or the block as HTML."""
        own = {**context, "account": account, "panel": self, "today": request.today}
        own |= self.load(account, request)
        return render_to_string(self.template, own, request=request)


class Block(Panel):
    """One block of the Overview: in the wide column (MAIN) or the narrow one (SIDE).

    A MAIN template is one `<section class="block" aria-labelledby="...">` with a header; a SIDE template is one plain
    `<section aria-labelledby="...">` with an h2. A block with nothing to say renders nothing at all.
    """

    place: ClassVar[str] = MAIN


@dataclass(frozen=True)
class Stat:
    """One figure of the head: what it is, the figure, and a note (with tone up, down, late or soon)."""

    label: str | Promise
    value: str
    note: str = ""
    tone: str = ""


class HeadFigures(Block):
    """A block without a template: it adds figures to the head, on every tab. It reads what `facts` asked for.

    No query of its own: the head stands above every tab.
    """

    place = HEAD

    def stats(self, account: Account, request: Request) -> Sequence[Stat]:
        """The figures, in order."""
        return ()


class PersonCard:
    """What an app adds to the cards of the Persons tab. `settings.PERSON_CARDS` names them, in order."""

    def cards(
        self, account: Account, persons: Sequence[ContactPerson], request: Request
    ) -> dict[int, SafeString]:
        """By person, one entry of the card's list (`<div><dt>…</dt><dd>…</dd></div>`). A fixed number of queries."""
        return {}


def of_account(sql: str, *params: Any, output_field: Field | None = None) -> Combinable:
    """One value of each account as an expression on Account: a SELECT of one column, in SQL that both databases know.

    It names the account `accounts_account.id`. As text, because the head of the page asks for a dozen such values, and
    Django took longer to build and to compile them as subqueries than the database to answer. `%%` stands for `%`.
    """
    return RawSQL(sql, params, output_field or IntegerField())


def how_many(table: str, condition: str = "", *params: Any) -> Combinable:
    """The number of rows of a table with a column `account_id`, that meet a condition, as an expression on Account."""
    more = f" AND {condition}" if condition else ""
    return of_account(
        f"SELECT COUNT(*) FROM {table} WHERE {table}.account_id = accounts_account.id{more}", *params
    )


@lru_cache(maxsize=8)
def _made(paths: tuple[str, ...]) -> tuple[Any, ...]:
    return tuple(import_string(path)() for path in paths)


def panels() -> tuple[Panel, ...]:
    """Every tab, in order."""
    return _made(tuple(settings.ACCOUNT_PANELS))


def person_cards() -> tuple[PersonCard, ...]:
    """What apps add to the cards of persons, in order."""
    return _made(tuple(settings.PERSON_CARDS))


def blocks(place: str) -> list[Any]:
    """The blocks of one place, in order."""
    return [block for block in _made(tuple(settings.ACCOUNT_BLOCKS)) if block.place == place]


def brief_parts() -> tuple[Block, ...]:
    """What stands on the brief before a visit, beside what contacts knows itself, in order; each renders a section."""
    return _made(tuple(settings.ACCOUNT_BRIEF))


def visible_panels(user: User) -> list[Panel]:
    """The tabs this user has, in order."""
    return [panel for panel in panels() if panel.visible(user)]


def with_facts(*, tabs: Sequence[Panel], parts: Sequence[Panel], request: Request) -> QuerySet[Account]:
    """Accounts with the number of each tab as `count_<slug>` (where it has one) and the facts its parts ask for.

    Kept from page to page, since it takes as long to build as the database to answer.
    """
    follow = tuple(part.facts_follow(request) for part in parts)
    key = tuple(tabs), tuple(parts), request.today, follow
    found = _WITH_FACTS.get(key)
    if found is None:
        asked: dict[str, Combinable] = {}
        for tab in tabs:
            if (number := tab.count(request)) is not None:
                asked[f"count_{tab.slug}"] = number
        for part in parts:
            asked |= part.facts(request)
        found = Account.objects.select_related("owner").annotate(**asked)
        if len(_WITH_FACTS) >= _KEPT:
            _WITH_FACTS.clear()
        _WITH_FACTS[key] = found
    return found.all()


_KEPT = 200
_WITH_FACTS: dict[tuple[Hashable, ...], QuerySet[Account]] = {}
