"""Attainment on the rep's and the manager's page, and as a file (docs/domain.md, 5.4)."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET

from accounts.models import Channel
from contacts import attainment as reckoning
from crm.lists.columns import Kind
from crm.lists.exporting import file_of
from crm.look.figures import number
from crm.team.models import User
from crm.team.requests import Request


@require_GET
def attainment(request: Request) -> HttpResponse:
    """One's own, or as a manager the team's, and each member's behind a link."""
    period, who, cells = _asked(request)
    total = reckoning.total(cells)
    alone = [who.pk] if who is not None else None
    chosen = f"&who={who.pk}" if who is not None and who.pk != request.user.pk else ""
    leads = request.user.is_manager or request.user.is_admin
    context: dict[str, Any] = {
        "period": period,
        "periods": [
            (one, f"?{urlencode({'period': one.slug})}{chosen}", one.slug == period.slug)
            for one in reckoning.periods(request.today)
        ],
        "who": who,
        "leads": leads,
        "is_own": who is not None and who.pk == request.user.pk,
        "total": total,
        "tiers": reckoning.by_tier(cells),
        "channels": [(one, str(Channel(one).label), tally) for one, tally in reckoning.by_channel(cells)],
        "people": reckoning.by_user(cells) if who is None else [],
        "over_served": (
            reckoning.over_served(request.user, alone, period=period, today=request.today)
            if alone and total.planned  # without any plan everybody would be served too much
            else []
        ),
        "query": f"?{urlencode({'period': period.slug})}{chosen}",
    }
    return render(request, "contacts/attainment.html", context)


@require_GET
def attainment_words(request: Request) -> HttpResponse:
    """One line for Today: what of this quarter's planned contacts was made. Today asks for it after it is there."""
    period = reckoning.periods(request.today)[0]
    cells = reckoning.attainment(request.user, [request.user.pk], period=period, today=request.today)
    total = reckoning.total(cells)
    words = ngettext(
        "This quarter: %(made)s of %(planned)s planned contact made",
        "This quarter: %(made)s of %(planned)s planned contacts made",
        total.planned,
    ) % {"made": number(total.made), "planned": number(total.planned)}
    return HttpResponse(words if total.planned else _("Attainment"))


@require_GET
def attainment_export(request: Request, form: str) -> HttpResponseBase:
    """The cells behind the page, one row for each person, tier and channel, as CSV or XLSX."""
    if form not in ("csv", "xlsx"):
        raise Http404
    period, _who, cells = _asked(request)
    heads = [(_("Person"), Kind.TEXT), (_("Tier"), Kind.TEXT), (_("Channel"), Kind.TEXT)]
    heads += [
        (words, Kind.NUMBER)
        for words in (_("Planned"), _("Made"), _("Booked"), _("Remaining"), _("Left out"))
    ]
    ordered = sorted(cells, key=lambda cell: (cell.user, cell.user_id, cell.tier or "D", cell.channel))
    rows = (
        [
            cell.user,
            cell.tier or "",
            str(Channel(cell.channel).label),
            cell.tally.planned,
            cell.tally.made,
            cell.tally.booked,
            cell.tally.remaining,
            cell.tally.left_out,
        ]
        for cell in ordered
    )
    name = f"attainment-{period.first:%Y-%m-%d}"
    return file_of(form, name=name, title=_("Attainment"), heads=heads, rows=rows)


def _asked(request: Request) -> tuple[reckoning.Period, User | None, list[reckoning.Cell]]:
    """The period, whose attainment (None: that of all whom the viewer answers for), and its cells."""
    known = {one.slug: one for one in reckoning.periods(request.today)}
    period = known.get(request.GET.get("period", ""), known["quarter"])
    user, today = request.user, request.today
    people = reckoning.members(user, on=today)
    asked = request.GET.get("who", "")
    who: User | None
    if asked:
        valid = asked.isascii() and asked.isdigit() and len(asked) < 18
        who = get_object_or_404(people, pk=int(asked) if valid else 0)
    else:
        who = None if user.is_manager or user.is_admin else user
    owners: list[int] | None = [who.pk] if who is not None else None  # None: everybody's, for an admin
    if who is None and not user.is_admin:
        owners = list(people.values_list("pk", flat=True))
    return period, who, reckoning.attainment(user, owners, period=period, today=today)
