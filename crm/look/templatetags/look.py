"""Tags and filters of the look; docs/look.md lists them with examples."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from functools import lru_cache

from django import template
from django.core.paginator import Page
from django.forms import BoundField, CheckboxInput, CheckboxSelectMultiple, ClearableFileInput, RadioSelect
from django.template import Context, Node, NodeList
from django.template.base import FilterExpression, Parser, Token, token_kwargs
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, gettext

from crm.look import figures
from crm.look.toast import undo_address

register = template.Library()

THEMES = ("light", "dark")


@register.simple_tag
def icon(name: str, size: str = "") -> SafeString:
    """The symbol `name` of the sprite; `size` "s" is the small one. Decorative: words or a label stand beside it."""
    return _icon(name, size)


@lru_cache(maxsize=512)  # a page has hundreds of a few dozen symbols
def _icon(name: str, size: str) -> SafeString:
    return format_html(
        '<svg class="icon{}" aria-hidden="true"><use href="{}#i-{}"/></svg>',
        f" {size}" if size else "",
        static("icons/sprite.svg"),
        name,
    )


@register.simple_tag
def tier(letter: str | None, size: str = "") -> SafeString:
    """A tier's badge; None or "" is an account without a tier. `size` "l" is the large one."""
    return _tier(letter or "", size, get_language())


@lru_cache(maxsize=64)
def _tier(letter: str, size: str, _language: str | None) -> SafeString:
    css = f"tier {size}" if size else "tier"
    if not letter:
        return format_html(
            '<span class="{}" data-tier=""><span class="vh">{}</span></span>', css, gettext("No tier")
        )
    return format_html(
        '<span class="{}" data-tier="{}"><span class="vh">{} </span>{}</span>',
        css,
        letter,
        gettext("Tier"),
        letter,
    )


@register.simple_tag
def move(before: str | None, after: str | None) -> SafeString:
    """From one tier to another."""
    return _move(before or "", after or "", get_language())


@lru_cache(maxsize=256)
def _move(before: str, after: str, _language: str | None) -> SafeString:
    return format_html(
        '<span class="move">{}{}<span class="vh"> {} </span>{}</span>',
        tier(before),
        icon("arrow", "s"),
        # Translators: stands between two tiers, for screen readers: "Tier A becomes Tier B"
        gettext("becomes"),
        tier(after),
    )


@register.simple_tag
def currency() -> str:
    """The sign of the base currency."""
    return figures.currency()


@register.simple_tag(takes_context=True)
def theme(context: Context) -> str:
    """The attribute of the html element for the theme the reader chose, nothing where the system decides."""
    request = context.get("request")
    if request is None:
        return ""
    chosen = getattr(getattr(request, "user", None), "theme", "") or request.COOKIES.get("theme")
    return mark_safe(f' data-theme="{chosen}"') if chosen in THEMES else ""


@register.filter
def money(cents: int | None) -> str:
    return figures.money(cents)


@register.filter
def money_exact(cents: int | None) -> str:
    return figures.money_exact(cents)


@register.filter
def percent(fraction: figures.Number | None, decimals: int = 0) -> str:
    return figures.percent(fraction, decimals)


@register.filter
def signed_percent(fraction: figures.Number | None, decimals: int = 0) -> str:
    return figures.signed_percent(fraction, decimals)


@register.filter
def number(value: figures.Number | None, decimals: int = 0) -> str:
    return figures.NOTHING if value is None else figures.number(value, decimals)


@register.filter
def duration(minutes: int | None) -> str:
    return figures.duration(minutes)


@register.filter(expects_localtime=True)
def day(value: object, today: datetime.date | None = None) -> str:
    """A date or a time as a day; anything else (a word such as "today", None) passes through as text."""
    if isinstance(value, datetime.date):
        return figures.day(value, today or timezone.localdate())
    return "" if value is None else str(value)


@register.filter
def initials(name: object) -> str:
    return figures.initials(name)


@register.filter
def undo_url(message: object) -> str:
    """Where a toast's Undo posts to, "" where it cannot be undone."""
    return undo_address(getattr(message, "extra_tags", "") or "")


@register.filter
def isoday(value: object) -> str:
    """The value of a `datetime` attribute, "" for what is not a date."""
    return value.isoformat() if isinstance(value, datetime.date) else ""


@register.filter
def page_numbers(page: Page) -> Iterator[int | str]:
    """Page numbers around the present one, with gaps left out."""
    return page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1)


@register.filter
def control_kind(field: BoundField) -> str:
    """How `field.html` lays a field out: "check", "choices", "hidden" or "input"."""
    widget = field.field.widget
    if widget.is_hidden:
        return "hidden"
    if isinstance(widget, RadioSelect | CheckboxSelectMultiple):
        return "choices"
    return "check" if isinstance(widget, CheckboxInput) else "input"


@register.simple_tag
def control(field: BoundField) -> SafeString:
    """A bound field's widget in its class; Django adds aria-describedby and aria-invalid itself."""
    widget = field.field.widget
    given = str(widget.attrs.get("class", ""))
    if isinstance(widget, CheckboxInput | ClearableFileInput):
        return field.as_widget(attrs={"class": given} if given else None)
    return field.as_widget(attrs={"class": f"input {given}".strip()})


class _Once(Node):
    """A part of a template that is drawn once in each process, for each language and each set of its values."""

    def __init__(self, nodes: NodeList, values: dict[str, FilterExpression]) -> None:
        self.nodelist, self.values = nodes, values
        self.drawn: dict[tuple[object, ...], SafeString] = {}

    def render(self, context: Context) -> SafeString:
        values = {name: value.resolve(context) for name, value in self.values.items()}
        key = (get_language(), *values.values())
        drawn = self.drawn.get(key)
        if drawn is None:
            # With its values alone: what is of one request must not come to stand on the page of another.
            drawn = self.drawn[key] = self.nodelist.render(context.new(values))
        return drawn


@register.tag
def once(parser: Parser, token: Token) -> _Once:
    """`{% once %}…{% endonce %}`: what is the same for everybody (words, symbols, addresses) is drawn once and kept.

    `{% once at=view_name %}`: once for each of its values, of which there must be few. Inside nothing else is known: no
    user, no request, no csrf token.
    """
    values = token_kwargs(token.split_contents()[1:], parser)
    nodes = parser.parse(("endonce",))
    parser.delete_first_token()
    return _Once(nodes, values)


@register.simple_tag(takes_context=True)
def query_with(context: Context, name: str, value: object) -> str:
    """This page's query with one parameter set, where its name is a variable (else use Django's querystring)."""
    query = context["request"].GET.copy()
    query[name] = str(value)
    return "?" + query.urlencode()
