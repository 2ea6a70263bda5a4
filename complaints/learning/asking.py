"""A learning page as a request asks for it: who may, which months, which team; its tabs and addresses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from complaints.complaint_filters import ANY_STATE
from complaints.learning.scope import CODES, USUAL, Scope, period
from complaints.learning.tables import SHOWN, Table
from complaints.models import ComplaintCategory
from crm.look.figures import month
from crm.team.choosing import TeamChoice
from crm.team.requests import Request

PAGES: tuple[tuple[str, str | Promise, bool], ...] = (
    ("reasons", gettext_lazy("Reasons"), True),
    ("time", gettext_lazy("Time taken"), True),
    ("open", gettext_lazy("Open by product"), True),
    ("repeaters", gettext_lazy("Again and again"), True),
    ("costs", gettext_lazy("Costs"), True),
    ("again", gettext_lazy("Bought again"), True),
    ("advice", gettext_lazy("Advice followed"), False),
)
"""URL name, words, and whether reps and agents have it too: the policy is judged by managers and admins."""


class Learning(TeamChoice):
    """What one request asks about."""

    def __init__(self, request: Request, *, whole: bool = False) -> None:
        """whole: for a file, which has all rows of a table."""
        super().__init__(request)
        self.whole, self.now = whole, request.now
        self.period = period(request.GET.get("months", USUAL), today=self.today)

    @property
    def pages(self) -> dict[str, str | Promise]:
        """The pages that the user has: URL name and words, in order."""
        return {name: words for name, words, for_all in PAGES if for_all or self.leads}

    @cached_property
    def scope(self) -> Scope:
        return Scope(self.user, self.today, self.period, self.team)

    @cached_property
    def categories(self) -> dict[str, str]:
        """Every category's name by its code."""
        return dict(ComplaintCategory.objects.values_list("code", "name"))

    def rows_of(self, rows: QuerySet | list[dict[str, Any]]) -> list[dict[str, Any]]:
        """As many as are shown, and one more where there are more; all of them for a file."""
        return list(rows if self.whole else rows[: SHOWN + 1])

    def chosen(self, name: str, values: Sequence[str]) -> str:
        """The value of a parameter: one of these, else the first of them."""
        asked = self.request.GET.get(name, "")
        return asked if asked in values else values[0]

    def query(self, **more: Any) -> str:
        """The query string that keeps months and team; "" for none."""
        kept = {
            "months": self.period.code if self.period.code != USUAL else "",
            "team": self.team.pk if self.team else "",
            **more,
        }
        text = urlencode({name: value for name, value in kept.items() if value not in ("", None)})
        return f"?{text}" if text else ""

    def listed(self, **filters: str) -> str:
        """The address of the list with the complaints behind a figure: those of the period, open and closed."""
        days = {"from": f"{self.period.first}", "until": f"{self.period.last}"}
        return self.listed_open(state=ANY_STATE, sort="-opened", **days | filters)

    def listed_open(self, **filters: str) -> str:
        """The address of the list with those that are open, whenever they came."""
        asked = {"kind": "complaint", "team": self.team.name if self.team else "", **filters}
        kept = {name: value for name, value in asked.items() if value}
        return f"{reverse('complaints:list')}?{urlencode(kept)}"

    def periods(self) -> list[tuple[str, str, bool]]:
        """What can be chosen: value, words, whether it is."""
        return [
            ("" if code == USUAL else code, self._period_words(code), code == self.period.code)
            for code in CODES
        ]

    def _period_words(self, code: str) -> str:
        if code == "year":
            return _("This year, %(year)s") % {"year": self.today.year}
        if code == "last":
            return _("Last year, %(year)s") % {"year": self.today.year - 1}
        words = ngettext("%(number)s month, from %(month)s", "%(number)s months, from %(month)s", int(code))
        first = period(code, today=self.today).first
        return words % {"number": code, "month": month(first, short=False)}


@dataclass
class Page:
    """What one page shows: a sentence, pictures, tables; and by what it can be turned.

    pills: (words, address, current) under pills_label. nothing: said where there are no tables.
    """

    title: str
    lead: str = ""
    pictures: list[SafeString] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    pills: list[tuple[str, str, bool]] = field(default_factory=list)
    pills_label: str = ""
    nothing: tuple[str, str] = ("", "")
    is_of_period: bool = True
    """Whether the months asked for mean anything to it."""
    turned: dict[str, str] = field(default_factory=dict)
    """The parameters of its pills as they are, for the addresses of its files."""
