"""What accounts itself shows on the account page; other apps add theirs through accounts.panels."""

from __future__ import annotations

import datetime as dt
from collections.abc import Hashable, Iterable
from typing import Any

from django.core.paginator import Paginator
from django.db.models import BigIntegerField, BooleanField, Count, OuterRef, Prefetch, Subquery, Sum, Window
from django.db.models.expressions import Combinable
from django.db.models.functions import TruncMonth
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.edits import edits_of
from accounts.models import Account, Acquaintance, Purchase, PurchaseLine
from accounts.panels import (
    MAIN,
    SIDE,
    Block,
    HeadFigures,
    Panel,
    Stat,
    blocks,
    how_many,
    of_account,
    person_cards,
)
from crm.look import figures
from crm.look.charts import monthly_bars
from crm.team.requests import Request

PURCHASES_ON_A_PAGE = 50
MONTHS_OF_THE_CHART = 24


def years_before(day: dt.date, years: int) -> dt.date:
    """The same day `years` earlier; 29 February becomes the 28th."""
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return day.replace(year=day.year - years, day=28)


def last_months(today: dt.date, number: int) -> list[dt.date]:
    """The first days of the last `number` months, oldest first; the month of `today` is the last."""
    last = today.year * 12 + today.month - 1
    return [dt.date(month // 12, month % 12 + 1, 1) for month in range(last - number + 1, last + 1)]


class Overview(Panel):
    """The first tab: blocks of all apps in two columns."""

    slug = "overview"
    title = gettext_lazy("Overview")
    template = "accounts/tabs/overview.html"

    def facts(self, request: Request) -> dict[str, Combinable]:
        """What its blocks ask for."""
        return {name: fact for block in self._blocks(request) for name, fact in block.facts(request).items()}

    def facts_follow(self, request: Request) -> Hashable:
        """Which blocks there are, and what theirs depend on."""
        return tuple((block, block.facts_follow(request)) for block in self._blocks(request))

    def load(self, account: Account, request: Request) -> dict[str, Any]:
        """The blocks this user has, rendered, by column."""
        editable = account.editable  # type: ignore[attr-defined]
        return {
            place: [
                block.render(account, request, editable=editable)
                for block in self._blocks(request)
                if block.place == place
            ]
            for place in (MAIN, SIDE)
        }

    def _blocks(self, request: Request) -> Iterable[Block]:
        return [block for place in (MAIN, SIDE) for block in blocks(place) if block.visible(request.user)]


class PurchaseFigures(HeadFigures):
    """Revenue of 12 months beside the 12 before, and how long ago they last bought."""

    slug = "purchase-figures"

    def facts(self, request: Request) -> dict[str, Combinable]:
        """Revenue of the 12 months before the last 12, in cents."""
        end = request.today + dt.timedelta(days=1)  # as accounts.facts reckons the last 12 months
        return {
            "accounts_previous_12m": of_account(
                "SELECT CAST(SUM(p.amount_cents) AS BIGINT) FROM accounts_purchase p"
                " WHERE p.account_id = accounts_account.id AND p.ordered_on >= %s AND p.ordered_on < %s",
                years_before(end, 2),
                years_before(end, 1),
                output_field=BigIntegerField(),
            )
        }

    def stats(self, account: Account, request: Request) -> Iterable[Stat]:  # type: ignore[override]
        """Two figures."""
        today = request.today
        previous = account.accounts_previous_12m or 0  # type: ignore[attr-defined]
        revenue = f"{figures.money(account.sales_12m_cents)} {figures.currency()}"
        yield Stat(_("Revenue, 12 months"), revenue, *_change(account, previous))
        yield Stat(_("Last purchase"), *_last_purchase(account, today))


def _change(account: Account, previous: int) -> tuple[str, str]:
    """The change on the 12 months before, in words, and its tone."""
    if previous > 0:
        share = (account.sales_12m_cents - previous) / previous
        tone = "up" if share > 0 else "down" if share < 0 else ""
        return _("%(change)s on the 12 months before") % {"change": figures.signed_percent(share)}, tone
    if account.sales_12m_cents > 0:
        return _("nothing in the 12 months before"), ""
    return "", ""


def _last_purchase(account: Account, today: dt.date) -> tuple[str, str, str]:
    """How long ago, in words; the usual gap; the tone where they lapse."""
    if account.last_purchase_on is None:
        return _("never"), "", ""
    days = (today - account.last_purchase_on).days
    ago = (
        _("today")
        if days == 0
        else ngettext("%(days)s day ago", "%(days)s days ago", days) % {"days": figures.number(days)}
    )
    gap = round(account.mean_gap_days) if account.mean_gap_days else None
    every = "" if gap is None else ngettext("every %(days)s day", "every %(days)s days", gap) % {"days": gap}
    if account.phase in (Account.Phase.LAPSING, Account.Phase.LOST):
        word = account.get_phase_display().lower()
        return ago, _("%(phase)s, was %(every)s") % {"phase": word, "every": every} if every else word, "soon"
    return ago, every, ""


class PurchasesByMonth(Block):
    """24 months of purchases as a picture, this month included."""

    slug = "purchases-by-month"
    template = "accounts/blocks/purchases_by_month.html"

    def load(self, account: Account, request: Request) -> dict[str, Any]:
        """The chart; None where nothing was bought in its months."""
        months = last_months(request.today, MONTHS_OF_THE_CHART)
        bought = dict(
            Purchase.objects.filter(account=account, ordered_on__gte=months[0])
            .order_by()
            .annotate(month=TruncMonth("ordered_on"))
            .values("month")
            .annotate(total=Sum("amount_cents"))
            .values_list("month", "total")
        )
        amounts = [(month, int(bought.get(month, 0))) for month in months]
        return {"chart": monthly_bars(amounts, ident="purchases", wide=True) if bought else None}


class Sites(Block):
    """The sites of a parent account and what they buy together."""

    slug = "sites"
    place = SIDE
    template = "accounts/blocks/sites.html"
    SHOWN = 8

    def load(self, account: Account, request: Request) -> dict[str, Any]:
        """The largest sites the user may see, and number and sum of all; no query where there are none."""
        if not account.accounts_has_sites:  # type: ignore[attr-defined]
            return {"sites": []}
        visible = Account.objects.visible_to(request.user, on=request.today).filter(parent=account)
        sites = list(
            visible.order_by("-sales_12m_cents", "code")
            .annotate(number=Window(Count("pk")), together=Window(Sum("sales_12m_cents")))
            .only("tier", "name", "sales_12m_cents")[: self.SHOWN]
        )
        return {"sites": sites, "largest": sites[0] if sites else None}

    def facts(self, request: Request) -> dict[str, Combinable]:
        """Whether there are any, which the user may see or not."""
        some = of_account(
            "EXISTS (SELECT 1 FROM accounts_account site WHERE site.parent_id = accounts_account.id)",
            output_field=BooleanField(),
        )
        return {"accounts_has_sites": some}


class Purchases(Panel):
    """Every purchase, newest first."""

    slug = "purchases"
    title = gettext_lazy("Purchases")
    template = "accounts/tabs/purchases.html"

    def count(self, request: Request) -> Combinable:
        """All purchases."""
        return how_many("accounts_purchase")

    def load(self, account: Account, request: Request) -> dict[str, Any]:
        """One page of them."""
        lines = PurchaseLine.objects.filter(purchase=OuterRef("pk")).order_by().values("purchase")
        rows = Purchase.objects.filter(account=account).annotate(
            lines_count=Subquery(lines.annotate(number=Count("pk")).values("number"))
        )
        page = Paginator(rows.order_by("-ordered_on", "-id"), PURCHASES_ON_A_PAGE)
        page.count = account.count_purchases  # type: ignore[attr-defined]  # counted for the tab already
        return {"page": page.get_page(request.GET.get("page")), "currency": figures.currency()}


class Persons(Panel):
    """Everybody at the account, with all that is known of them; who left stands below."""

    slug = "persons"
    title = gettext_lazy("Persons")
    template = "accounts/tabs/persons.html"

    def count(self, request: Request) -> Combinable:
        """Those who are still there."""
        return how_many("accounts_contactperson", "left_on IS NULL AND merged_into_id IS NULL")

    def load(self, account: Account, request: Request) -> dict[str, Any]:
        """Persons, who of us knows them, and what apps add to their cards. Two queries, and theirs."""
        persons = list(
            account.persons.filter(merged_into__isnull=True).prefetch_related(
                Prefetch("acquaintances", Acquaintance.objects.select_related("user"))
            )
        )
        present = [person for person in persons if person.left_on is None]
        added = [card.cards(account, present, request) for card in person_cards()] if present else []
        for person in present:
            person.added = [found[person.pk] for found in added if person.pk in found]  # type: ignore[attr-defined]
        return {
            "present": present,
            "gone": [person for person in persons if person.left_on is not None],
        }


class History(Panel):
    """Who changed what, and when."""

    slug = "history"
    title = gettext_lazy("History")
    template = "accounts/tabs/history.html"

    def load(self, account: Account, request: Request) -> dict[str, Any]:
        """The newest edits of the account and its persons."""
        user = request.user
        return {
            "edits": edits_of(account, reader=user, on=request.today),
            "may_merge": user.is_manager or user.is_admin,
        }
