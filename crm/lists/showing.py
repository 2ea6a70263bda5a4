"""The page of a list: what comes back from last time, one page of rows, and everything to ask for others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.core.paginator import InvalidPage
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.cache import patch_vary_headers
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from crm.lists.asking import Asked, address
from crm.lists.builtin import ALL
from crm.lists.columns import Column, Kind
from crm.lists.listing import Listing
from crm.lists.models import ListView
from crm.lists.paging import COUNTED, LongPage, LongPaginator
from crm.lists.people import SHOWN as PEOPLE_SHOWN
from crm.lists.people import PersonControl
from crm.lists.saving import leave, may_change, may_share
from crm.look import figures
from crm.team.requests import Request

FOUND = "found"
"""The id of the part of the page that answers htmx."""
SEARCH = "list-search"
"""The id of the search box."""
PEOPLE = "people"
"""The id of the part that answers letters typed into an opened filter by a colleague."""
CHOOSES = "chooses-"
"""What the ids of its links begin with."""


def show(request: Request, listing: Listing) -> HttpResponse:
    """The rows the user may see: searched, narrowed, sorted, fifty a page.

    Filters, order and columns come back next time; `?reset` forgets them. A search alone (`?q=` from any page) looks
    through everything and changes nothing that is remembered.
    """
    asked = Asked(listing, request)
    if (people := found_people(asked)) is not None:
        return people
    if (elsewhere := come_back(asked)) is not None:
        return elsewhere
    context = _context(request, asked)
    if request.htmx and request.htmx.target == FOUND:
        answer = render(request, "lists/found.html", context)
        # While words are typed the address follows; what is chosen can be gone back from.
        header = "HX-Replace-Url" if request.htmx.trigger == SEARCH else "HX-Push-Url"
        answer[header] = asked.address()
    else:
        answer = render(request, listing.template, context)
    patch_vary_headers(answer, ["HX-Request", "HX-Target"])
    return answer


def come_back(asked: Asked) -> HttpResponse | None:
    """What is remembered of a list, for one that draws its own page as well: where the address leads that stands for
    another one. None: it is shown as it stands, and kept for the next time.
    """
    if (elsewhere := _elsewhere(asked.request, asked)) is not None:
        return elsewhere
    _remember(asked)
    return None


def found_people(asked: Asked) -> HttpResponse | None:
    """What letters typed into an opened filter by a colleague ask for; None where something else is asked for."""
    request = asked.request
    if not request.htmx or request.htmx.target != PEOPLE:
        return None
    opened = next(
        (control for control in asked.controls if isinstance(control, PersonControl) and control.opened), None
    )
    if opened is None:
        return None
    answer = render(request, "lists/people.html", people_context(asked, opened))
    patch_vary_headers(answer, ["HX-Request", "HX-Target"])
    return answer


def filters_context(asked: Asked) -> dict[str, Any]:
    """The filters as lists/found.html and pages of their own draw them."""
    menu = asked.request.GET.get("menu", "")
    opened = next((control for control in asked.controls if control.opened), None)
    # What is behind a menu is made when somebody opens it: there is more in it than on the rest of the page.
    rare_opened = menu == "filters" or (opened is not None and opened.of.rare)
    within = [control for control in asked.controls if rare_opened or not control.of.rare]
    shown = [control for control in within if control.shown]
    for control in shown:
        if isinstance(control, PersonControl):
            control.url = asked.address(menu=control.of.name)
    return {
        "controls": [control for control in shown if not control.of.rare],
        "rare_controls": [control for control in shown if control.of.rare],
        "rare_opened": rare_opened,
        "rare_set": sum(1 for control in asked.controls if control.of.rare and control.value),
        "unshown": [control for control in asked.controls if control not in shown and control.value],
        "has_rare": any(control.of.rare for control in asked.controls),
        "open_menu": menu if opened is not None else "filters",
        **(people_context(asked, opened) if isinstance(opened, PersonControl) else {}),
        # Whoever chose a colleague by keyboard is back at the filter.
        "chose": (asked.request.htmx.trigger or "").removeprefix(CHOOSES).rpartition("-")[0],
        "narrowed": asked.narrowed,
        "changed": asked.changed or bool(asked.left and asked.left.state),
        "reset_url": address(asked.here, {"reset": "1", "q": asked.words}),
        "everything_url": address(asked.here, {"reset": "1"}),
    }


def people_context(asked: Asked, control: PersonControl) -> dict[str, Any]:
    """What lists/people.html draws of an opened filter of a list."""
    name = control.of.name
    menu = {"menu": "filters"} if control.of.rare else {}  # it stays open there
    return people_links(control, lambda value: asked.narrowed_by(name, value, **menu))


def people_links(control: PersonControl, url: Callable[[str], str]) -> dict[str, Any]:
    """What lists/people.html draws: each choice of an opened filter as a link to the list narrowed by its value."""
    found = control.found
    return {
        "people": [
            {
                "id": f"{CHOOSES}{control.of.name}-{value}",
                "name": words,
                "url": url(value),
                "chosen": value == control.value,
            }
            for value, words in found[:PEOPLE_SHOWN]
        ],
        "people_found": len(found),
        "people_left": max(len(found) - PEOPLE_SHOWN, 0),
    }


def _elsewhere(request: Request, asked: Asked) -> HttpResponse | None:
    """Where the address leads that stands for another: the one of last time, without what is forgotten."""
    here, left = asked.here, asked.left
    if "reset" in request.GET:
        if left is not None and left.state:
            leave(user=request.user, listing=asked.listing, left=left, state={})
        return redirect(address(here, {"q": request.GET.get("q", "")}))
    if request.GET.getlist("column") or "move" in request.GET:
        return redirect(_columns_picked(request, asked))
    if request.GET or left is None:
        return None
    # In the list's order: PostgreSQL keeps the keys of JSON in its own.
    kept = (*asked.listing.remembered, "view")
    before = {name: left.state[name] for name in kept if name in left.state}
    if not before and left.starts_with and asked.view_of(left.starts_with) is not None:
        before = {"view": left.starts_with}
    said = next((name for name, value in before.items() if not value), "")
    return redirect(address(here, before, said=said)) if before else None


def _columns_picked(request: Request, asked: Asked) -> str:
    """The address with the columns of the form: those checked, one of them moved by its arrow."""
    names = asked.readable(request.GET.getlist("column"))
    name, _colon, way = request.GET.get("move", "").partition(":")
    if name in names and way in ("up", "down"):
        at = names.index(name)
        to = max(at - 1, 0) if way == "up" else at + 1
        names.insert(to, names.pop(at))
    return asked.address(columns=",".join(names), menu="columns")


def _remember(asked: Asked) -> None:
    """Keep what the address says of filters, order and columns. A page asked for only by words says nothing."""
    given, left = asked.given, asked.left
    before = left.state if left is not None else {}
    state = dict(before)
    if any(name in given for name in (*asked.listing.remembered, "view")):
        state = {name: value for name, value in before.items() if name == "columns"}
        view = asked.asked_view
        if view is not None and (isinstance(view, ListView) or not asked.says_something):
            state["view"] = view.key
        if not (view is not None and not asked.says_something):
            state |= asked.state
            if view is not None and not asked.state:
                state[asked.listing.remembered[0]] = ""
    if given.get("columns") and not isinstance(asked.asked_view, ListView):
        state.pop("columns", None)
        if asked.column_names != list(asked.listing.usual):
            state["columns"] = ",".join(asked.column_names)
    if state != before:
        leave(user=asked.user, listing=asked.listing, left=left, state=state)


# The page -----------------------------------------------------------------------------------------------------------
def _context(request: Request, asked: Asked) -> dict[str, Any]:
    listing, user = asked.listing, request.user
    paginator = LongPaginator(counted=listing.counted(asked), exact=asked.exact)
    many = paginator.count > COUNTED

    def read(start: int, end: int) -> list[Any]:
        return list(asked.fetched(many=many, upto=end)[start:end])

    paginator.read = read
    try:
        page = paginator.page(request.GET.get("page"))
    except InvalidPage:
        page = paginator.page(1)
    listing.attach(page.rows, asked.columns, request)
    selectable = listing.may_select(user)
    refused = asked.sorted_by(many=many) != asked.sort
    menu = request.GET.get("menu", "")
    return {
        "title": listing.title,
        "q": asked.words,
        "page": page,
        "rows": mark_safe("".join(rows_html(asked, page, selectable=selectable))),
        "headings": asked.headings_for(many=many),
        **filters_context(asked),
        **views_context(asked),
        "selectable": selectable,
        "counted": listing.count_words(paginator),
        "count_url": asked.address(count="all", page="") if paginator.is_many and not asked.exact else "",
        "too_many": figures.number(COUNTED) if refused else "",
        "refused": listing.column(asked.sort.removeprefix("-")) if refused else None,
        "previous_url": asked.address(page=str(page.previous)) if page.previous else "",
        "next_url": asked.address(page=str(page.following)) if page.following else "",
        "columns": _column_choices(asked) if menu == "columns" else (),
        "today": request.today,
        **listing.context(request),
    }


def views_context(asked: Asked) -> dict[str, Any]:
    """What lists/views.html needs: also a list whose page is its own has views."""
    menu = asked.request.GET.get("menu", "")
    return {
        "asked": asked,
        "listing": asked.listing,
        "views": _view_links(asked),
        "menu": menu,
        "menus": {name: asked.address(menu=name) for name in ("columns", "filters", "views")},
        **(_view_menu(asked) if menu == "views" else {}),
    }


def _view_links(asked: Asked) -> list[dict[str, Any]]:
    """The views as links."""
    current = asked.current
    return [
        {
            "name": view.name,
            "url": address(asked.here, {"view": view.key}),
            "current": view == current,
            "changed": view == current and asked.changed,
            "by": view.user.name if isinstance(view, ListView) and view.user_id != asked.user.pk else "",
        }
        for view in asked.views
    ]


def _view_menu(asked: Asked) -> dict[str, Any]:
    """What can be done with the view that is shown."""
    user, current = asked.user, asked.current
    mine = current if isinstance(current, ListView) and may_change(current, user) else None
    begins = asked.left.starts_with if asked.left is not None else ""
    return {
        "mine": mine,
        "mine_changed": mine is not None and asked.changed,
        "may_share": may_share(user),
        "share_words": _("for everybody") if user.is_admin else _("for my teams, too"),
        # One that is changed would not begin as it is shown.
        "may_start": current if current and not asked.changed and current.key != (begins or ALL) else None,
    }


def _column_choices(asked: Asked) -> list[dict[str, Any]]:
    """The columns for the menu: those shown in their order, then the others."""
    shown = asked.columns
    others = [column for column in asked.listing.columns if column not in shown]
    return [
        {
            "name": column.name,
            "label": column.label,
            "shown": column in shown,
            "fixed": column.fixed,
            "first": at == 0,
            "last": at == len(shown) - 1,
        }
        for at, column in enumerate([*shown, *others])
    ]


def rows_html(asked: Asked, page: LongPage, *, selectable: bool) -> list[SafeString]:
    """The rows of a page. Built here and not by a template: a page has four hundred cells and more."""
    today, listing = asked.today, asked.listing
    openings = [(column, *_around(column)) for column in asked.columns]
    found = []
    for row in page.rows:
        cells = [f"{start}{column.inside(row, today)}{end}" for column, start, end in openings]
        if selectable:
            label = _("Select %(name)s") % {"name": listing.row_name(row)}
            cells.insert(
                0,
                f'<td role="cell" class="is-box"><input type="checkbox" form="bulk" name="row" value="{row["pk"]}"'
                f' aria-label="{conditional_escape(label)}"></td>',
            )
        found.append(mark_safe(f'<tr role="row">{"".join(cells)}</tr>'))
    return found


def _around(column: Column) -> tuple[str, str]:
    """What stands before and behind the inside of each of a column's cells."""
    tag, role = ("th", 'scope="row" role="rowheader"') if column.phone == "name" else ("td", 'role="cell"')
    css = f"n is-{column.name}" if column.numeric else f"is-{column.name}"
    label = format_html(' data-label="{}"', column.label) if column.phone == "line" else ""
    unit = ""
    if column.kind is Kind.MONEY:
        unit = format_html('<span class="phone-only"> {}</span>', figures.currency())
    return f'<{tag} {role} class="{css}" data-phone="{column.phone}"{label}>', f"{unit}</{tag}>"
