"""Numbers, money and days as the page's language writes them; the tags around them."""

import datetime as dt
from decimal import Decimal

import pytest
from django.core.paginator import Paginator
from django.template import Context, Template
from django.test import RequestFactory
from django.utils.translation import override

from crm.look import figures


def drawn(text: str, **context: object) -> str:
    return Template("{% load look %}" + text).render(Context(context))


@pytest.mark.parametrize(
    ("language", "cents", "whole", "exact"),
    [
        ("en", 123456780, "1,234,568", "1,234,567.80"),
        ("en", -190000, "−1,900", "−1,900.00"),
        ("en", -40, "0", "−0.40"),
        ("en", 50, "1", "0.50"),
        ("en", -50, "−1", "−0.50"),
        ("pl", 123456780, "1\u00a0234\u00a0568", "1\u00a0234\u00a0567,80"),
        ("bg", 123456780, "1\u00a0234\u00a0568", "1\u00a0234\u00a0567,80"),
        ("hu", 123456780, "1\u00a0234\u00a0568", "1\u00a0234\u00a0567,80"),
        ("en", None, "–", "–"),
    ],
)
def test_money_is_grouped_for_the_language_with_a_true_minus(language, cents, whole, exact):
    with override(language):
        assert drawn("{{ cents|money }}", cents=cents) == whole
        assert drawn("{{ cents|money_exact }}", cents=cents) == exact


@pytest.mark.parametrize(
    ("fraction", "text", "signed"),
    [
        (0.125, "13\u00a0%", "+13\u00a0%"),
        (Decimal("-0.384"), "−38\u00a0%", "−38\u00a0%"),
        (0.001, "0\u00a0%", "0\u00a0%"),
        (-0.001, "0\u00a0%", "0\u00a0%"),
        (None, "–", "–"),
    ],
)
def test_percent(fraction, text, signed):
    assert drawn("{{ x|percent }}", x=fraction) == text
    assert drawn("{{ x|signed_percent }}", x=fraction) == signed


def test_percent_with_decimals():
    assert drawn("{{ x|percent:1 }}", x=Decimal("0.7855")) == "78.6\u00a0%"


@pytest.mark.parametrize(
    ("minutes", "text"),
    [
        (0, "0 min"),
        (45, "45 min"),
        (60, "1 h"),
        (160, "2 h 40"),
        (65, "1 h 05"),
        (-90, "−1 h 30"),
        (None, "–"),
    ],
)
def test_duration(minutes, text):
    assert drawn("{{ minutes|duration }}", minutes=minutes) == text


def test_a_day_names_its_year_only_where_it_is_not_this_one():
    tuesday = dt.date(2026, 10, 13)
    assert drawn("{{ d|day:today }}", d=tuesday, today=dt.date(2026, 1, 1)) == "Tue 13 Oct"
    assert drawn("{{ d|day:today }}", d=tuesday, today=dt.date(2027, 1, 1)) == "Tue 13 Oct 2026"
    assert drawn("{{ d|day }}", d="today") == "today"
    assert drawn("{{ d|day }}", d=None) == ""


def test_a_moment_becomes_the_local_day():
    late = dt.datetime(2026, 10, 13, 23, 30, tzinfo=dt.UTC)  # half past one in Warsaw
    assert figures.day(late, dt.date(2026, 1, 1)) == "Wed 14 Oct"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Joanna Krzemińska", "JK"),
        ("Милена Стоева", "МС"),
        ("Cher", "C"),
        ("„Wisłopol” S.A.", "WS"),
        ("", ""),
    ],
)
def test_initials(name, text):
    assert drawn("{{ name|initials }}", name=name) == text


@pytest.mark.parametrize(
    ("code", "sign"), [("EUR", "€"), ("PLN", "zł"), ("HUF", "Ft"), ("BGN", "лв."), ("XAU", "XAU")]
)
def test_currency(settings, code, sign):
    settings.BASE_CURRENCY = code
    assert drawn("{% currency %}") == sign


def test_tier_says_its_letter_in_words_too():
    assert (
        drawn("{% tier t 'l' %}", t="A")
        == '<span class="tier l" data-tier="A"><span class="vh">Tier </span>A</span>'
    )
    assert (
        drawn("{% tier t %}", t=None)
        == '<span class="tier" data-tier=""><span class="vh">No tier</span></span>'
    )


def test_a_move_shows_both_tiers():
    html = drawn("{% move a b %}", a=None, b="B")
    assert html.index('data-tier=""') < html.index("#i-arrow") < html.index('data-tier="B"')


def test_what_comes_from_data_is_escaped():
    assert "<b>" not in drawn("{% tier t %}{% icon t %}", t="<b>")


@pytest.mark.parametrize(
    ("cookie", "html"), [("dark", ' data-theme="dark"'), ("light", ' data-theme="light"'), ('x"', "")]
)
def test_theme_comes_from_the_cookie(cookie, html):
    request = RequestFactory().get("/")
    request.COOKIES["theme"] = cookie
    assert drawn("{% theme %}", request=request) == html


def test_pages_keep_the_rest_of_the_query():
    request = RequestFactory().get("/?q=młyn&page=2")
    html = Template('{% include "components/pages.html" %}').render(
        Context({"request": request, "page": Paginator(range(95), 20).page(2)})
    )
    assert "21 to 40 of 95" in html
    assert "?q=m%C5%82yn&amp;page=3" in html
    assert html.count('aria-current="page"') == 1
