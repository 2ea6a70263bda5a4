"""The insight pages: each a picture first, with the table behind it (docs/domain.md, 8)."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext
from django.views.decorators.http import require_GET

from crm.look import figures, pictures
from crm.look.charts import behind
from crm.team.requests import Request
from segmentation.insight import concentration, moved, service_time
from segmentation.insight import reasons as reasoning
from segmentation.insight import wallet as wallets
from segmentation.models import TieringRun
from segmentation.views.insight_asking import Insight, insight_page
from segmentation.wording import as_of_label

CSS = {"A": "now", "B": "past", "C": "third"}


# The Pareto curve ---------------------------------------------------------------------------------------------------
@require_GET
@insight_page()
def pareto(request: Request, insight: Insight) -> HttpResponse:
    """Which share of the accounts brings which share of sales, with the bounds of A and B."""
    scope = insight.scope
    curve = concentration.curve(scope)
    parts = concentration.tier_parts(scope)
    marks = [(percent, *curve.brings(percent)) for percent in concentration.MARKS] if curve.accounts else []
    context = insight.context("pareto") | {
        "curve": curve,
        "parts": parts,
        "ends": [
            (
                end,
                end.accounts / curve.accounts,
                next((part for part in parts if part.tier == end.tier), None),
            )
            for end in curve.ends
        ],
        "marks": marks,
        "picture": _pareto(curve) if curve.accounts else "",
        "largest": concentration.largest(scope, curve.value_cents),
    }
    return render(request, "segmentation/insight/pareto.html", context)


def _pareto(curve: concentration.Curve) -> str:
    points = [(0.0, 0.0)] + [
        (place / curve.accounts, cents / curve.value_cents) for place, cents in curve.points
    ]
    bounds = [
        pictures.Bound(
            ngettext("%(tier)s ends: %(number)s account", "%(tier)s ends: %(number)s accounts", end.accounts)
            % {"tier": end.tier, "number": figures.number(end.accounts)},
            end.share,
            end.accounts / curve.accounts,
        )
        for end in curve.ends
        if end.share < 1
    ]
    rows = []
    for percent in (*concentration.MARKS, 100):
        number, brings = curve.brings(percent)
        rows.append((figures.percent(percent / 100), [figures.number(number), figures.percent(brings, 1)]))
    said = [
        _("The first %(percent)s of the accounts bring %(share)s.")
        % {"percent": figures.percent(0.2), "share": figures.percent(curve.brings(20)[1], 1)},
        *(f"{one.name}." for one in bounds),
    ]
    return pictures.pareto(
        points,
        bounds,
        ident="pareto",
        title=_("Share of sales by share of accounts, the largest first"),
        description=" ".join(said),
        table=behind([_("The first of the accounts"), _("Accounts"), _("Share of sales")], rows),
    )


# Migration ----------------------------------------------------------------------------------------------------------
@require_GET
@insight_page()
def migration(request: Request, insight: Insight) -> HttpResponse:
    """Which accounts went from which tier to which between two quarters."""
    earlier = insight.earlier
    context = insight.context("migration") | {"earlier": earlier}
    if earlier is not None:
        cells = moved.matrix(insight.scope, earlier)
        names = {tier: tier for tier in moved.TIERS} | {moved.NONE: pgettext("tier", "none")}
        url = reverse("insight:accounts", args=["moved"])
        used = [tier for tier in moved.TIERS if any(tier in pair for pair in cells)]
        context |= {
            "earlier_label": as_of_label(earlier.as_of),
            "from_choices": [
                pair
                for pair, run in zip(context["runs"], insight.runs, strict=True)
                if run.as_of < insight.run.as_of
            ],
            "picture": _migration(cells, names, earlier, insight.run),
            "columns": [(tier, names[tier]) for tier in used],
            "matrix": [
                (
                    tier,
                    [
                        (cell, url + insight.query(**{"from": earlier.pk, "move": cell.key}))
                        if cell
                        else None
                        for cell in (cells.get((tier, after)) for after in used)
                    ],
                    sum(cell.accounts for cell in cells.values() if cell.before == tier),
                )
                for tier in used
            ],
            "up": sum(
                cell.accounts for cell in cells.values() if cell.tone == "up" and cell.before != moved.NONE
            ),
            "down": sum(cell.accounts for cell in cells.values() if cell.tone == "down"),
            "new": sum(cell.accounts for cell in cells.values() if cell.before == moved.NONE),
            "stay": sum(cell.accounts for cell in cells.values() if not cell.tone),
            "export_query": insight.query(**{"from": earlier.pk}),
        }
    return render(request, "segmentation/insight/migration.html", context)


def _migration(
    cells: dict[tuple[str, str], moved.Cell], names: dict[str, str], earlier: TieringRun, later: TieringRun
) -> str:
    words = {"before": as_of_label(earlier.as_of), "after": as_of_label(later.as_of)}
    said = [
        _("%(count)s from %(before)s to %(after)s")
        % {"count": figures.number(cell.accounts), "before": names[cell.before], "after": names[cell.after]}
        for cell in cells.values()
    ]
    return pictures.migration(
        {pair: cell.accounts for pair, cell in cells.items()},
        list(names.items()),
        ident="migration",
        title=_("Accounts by tier, %(before)s and %(after)s") % words,
        description=", ".join(said) + ".",
    )


# Sales and time -----------------------------------------------------------------------------------------------------
@require_GET
@insight_page()
def service_time_page(request: Request, insight: Insight) -> HttpResponse:
    """Sales against service time, by tier and by account."""
    scope = insight.scope
    times = service_time.tier_times(scope)
    context = insight.context("time") | {
        "times": times,
        "corners": [
            {
                "kind": which,
                "title": title,
                "text": text,
                "rows": list(service_time.corner(scope, times, which).values(*ROW)[: service_time.NAMED]),
                "url": reverse("insight:accounts", args=[which]) + insight.query(),
            }
            for which, title, text in (
                (
                    service_time.MUCH_TIME,
                    _("Much time, little sales"),
                    _("More minutes than half of their tier, less sales than half of it."),
                ),
                (
                    service_time.LITTLE_TIME,
                    _("Little time, much sales"),
                    _("Fewer minutes than half of their tier, more sales than half of it."),
                ),
            )
        ],
        "by_tier": _by_tier(times) if times else "",
        "by_account": _by_account(insight) if times else "",
    }
    for corner in context["corners"]:
        for row in corner["rows"]:
            row["an_hour"] = service_time.per_hour(row["revenue_cents"], row["contact_minutes"])
    return render(request, "segmentation/insight/time.html", context)


ROW = (
    "account_id",
    "account__name",
    "account__code",
    "account__owner__name",
    "tier",
    "revenue_cents",
    "contact_minutes",
)


def _by_tier(times: list[service_time.TierTime]) -> str:
    said = [
        _("%(tier)s: %(sales)s of sales, %(time)s of the time.")
        % {
            "tier": one.tier,
            "sales": figures.percent(one.revenue_share),
            "time": figures.percent(one.minutes_share),
        }
        for one in times
    ]
    return pictures.bars(
        [one.tier for one in times],
        [
            pictures.Series(_("Share of sales"), "now", [max(one.revenue_share or 0, 0) for one in times]),
            pictures.Series(_("Share of time"), "past", [one.minutes_share for one in times]),
        ],
        ident="time-by-tier",
        title=_("Sales and service time by tier"),
        description=" ".join(said),
        head=_("Tier"),
        shown=figures.percent,
        high=1,
    )


def _by_account(insight: Insight) -> str:
    counts = service_time.grid(insight.scope)
    minutes, cents = service_time.MINUTES, service_time.CENTS
    columns = [
        _("none"),
        *(f"≤ {figures.duration(one)}" for one in minutes[1:]),
        f"> {figures.duration(minutes[-1])}",
    ]
    rows = [_("none"), *(f"≤ {figures.money(one)}" for one in cents[1:]), f"> {figures.money(cents[-1])}"]
    return pictures.grid(
        columns,
        rows,
        counts,
        ident="time-by-account",
        title=_("Accounts by sales (%(currency)s, upwards) and service time")
        % {"currency": figures.currency()},
        description=ngettext(
            "%(number)s account with a tier; a circle is as large as its number of accounts.",
            "%(number)s accounts with a tier; a circle is as large as its number of accounts.",
            sum(counts.values()),
        )
        % {"number": figures.number(sum(counts.values()))},
        head=_("Sales"),
        across=_("contact time in the window"),
    )


# Reasons ------------------------------------------------------------------------------------------------------------
@require_GET
@insight_page(leads_only=True)
def reasons(request: Request, insight: Insight) -> HttpResponse:
    """Why customers changed, over the quarters."""
    way = request.GET.get("way", "")
    way = way if way in (reasoning.ROSE, reasoning.FELL) else ""
    found = reasoning.reasons(insight.scope, insight.runs, way)
    labels = [as_of_label(run.as_of) for run in found.runs]
    review = reverse("segmentation:changes")
    context = insight.context("reasons") | {
        "found": found,
        "way": way,
        "ways": [
            (words, insight.query(way=value) or "?", value == way)
            for value, words in (
                ("", _("Both")),
                (reasoning.FELL, _("Went down")),
                (reasoning.ROSE, _("Went up")),
            )
        ],
        "heads": [
            (label, f"{review}?run={run.pk}&show=all") for label, run in zip(labels, found.runs, strict=True)
        ],
        "picture": pictures.bars(
            labels,
            [
                pictures.Series(_("Went down"), "past", found.fell),
                pictures.Series(_("Went up"), "now", found.rose),
            ],
            ident="reasons",
            title=_("Decisions with a reason, by quarter"),
            description=_("%(down)s went down, %(up)s went up.")
            % {"down": figures.number(sum(found.fell)), "up": figures.number(sum(found.rose))},
            head=_("Quarter"),
            shown=figures.number,
            stacked=True,
        )
        if found.total
        else "",
    }
    return render(request, "segmentation/insight/reasons.html", context)


# Share of wallet ----------------------------------------------------------------------------------------------------
@require_GET
@insight_page()
def wallet(request: Request, insight: Insight) -> HttpResponse:
    """Which part of what customers need they buy from us, and the B accounts that rise."""
    scope = insight.scope
    found = wallets.wallet(scope)
    rising = wallets.rising(scope)
    more = ("previous_revenue_cents", "growth_cents", "account__potential_cents")
    months = scope.run.policy.window_months
    rows = list(rising.values(*ROW, *more)[: wallets.NAMED])
    for row in rows:
        row["growth"] = row["growth_cents"] / row["previous_revenue_cents"]
        row["share"] = row["revenue_cents"] * 12 / (row["account__potential_cents"] * months)
    context = insight.context("wallet") | {
        "found": found,
        "rows": rows,
        "rising": rising.count(),
        "rising_url": reverse("insight:accounts", args=["rising"]) + insight.query(),
        "picture": _wallet(found) if found.accounts else "",
    }
    return render(request, "segmentation/insight/wallet.html", context)


def _wallet(found: wallets.Wallet) -> str:
    labels = [f"{figures.percent(place / wallets.BINS)}" for place in range(wallets.BINS)] + ["100 % +"]
    return pictures.bars(
        labels,
        [pictures.Series(tier, CSS[tier], numbers) for tier, numbers in found.numbers.items()],
        ident="wallet",
        title=_("Accounts by share of wallet, from … on"),
        description=ngettext(
            "%(accounts)s account of known potential buys %(share)s of it from us.",
            "%(accounts)s accounts of known potential buy %(share)s of it from us.",
            found.accounts,
        )
        % {"accounts": figures.number(found.accounts), "share": figures.percent(found.share)},
        head=_("Share of wallet from"),
        shown=figures.number,
        stacked=True,
    )
