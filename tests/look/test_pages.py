"""The pages of the look itself: signing in, errors, oneself, the style guide, the navigation."""

import re

import pytest
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse

from crm.home.context import NAVIGATION, places
from crm.team.models import User

pytestmark = pytest.mark.django_db


def user(role: str = "rep", **fields: object) -> User:
    return User.objects.create_user(f"{role}@example.com", "x", name="Joanna Krzemińska", role=role, **fields)


@pytest.mark.parametrize("role", NAVIGATION)
def test_every_place_of_a_navigation_exists(role):
    assert all(reverse(place) for place in places(role))


@pytest.mark.parametrize("role", NAVIGATION)
def test_a_day_starts_at_the_first_place(client: Client, role):
    client.force_login(user(role))
    assert client.get("/")["Location"] == reverse(places(role)[0])


def test_the_navigation_marks_where_one_is(client: Client):
    client.force_login(user("manager"))
    html = client.get(reverse("home:me")).content.decode()
    assert html.count('class="nav-item"') == len(places("manager")) + 2  # More, and what waits on the device
    assert re.search(r'class="me" href="/me/" aria-current="page"', html)


def test_the_theme_is_kept_on_the_user_and_in_a_cookie(client: Client):
    someone = user()
    client.force_login(someone)
    answer = client.post(reverse("home:theme"), {"theme": "dark"})
    assert answer["Location"] == reverse("home:me")
    someone.refresh_from_db()
    assert someone.theme == client.cookies["theme"].value == "dark"
    assert 'data-theme="dark"' in client.get(reverse("home:me")).content.decode()
    client.post(reverse("home:theme"), {"theme": ""})
    assert "data-theme=" not in client.get(reverse("home:me")).content.decode()
    assert client.post(reverse("home:theme"), {"theme": "pink"}).status_code == 404


@pytest.mark.parametrize("target", ["https://elsewhere.example/", "//elsewhere.example", "javascript:1"])
def test_nobody_is_sent_elsewhere(client: Client, target):
    client.force_login(user())
    assert client.post(reverse("home:theme"), {"theme": "", "next": target})["Location"] == reverse("home:me")


def test_the_language_is_kept(client: Client, settings):
    settings.LANGUAGES = [("en", "English"), ("pl", "Polish")]
    someone = user()
    client.force_login(someone)
    client.post(reverse("home:language"), {"language": "pl"})
    someone.refresh_from_db()
    assert someone.language == "pl"
    assert client.post(reverse("home:language"), {"language": "xx"}).status_code == 404


def test_the_style_guide_is_for_development_only(client: Client, settings):
    assert client.get(reverse("home:styleguide")).status_code == 200
    settings.STYLEGUIDE = False
    assert client.get(reverse("home:styleguide")).status_code == 404


def test_ids_in_the_style_guide_are_unique(client: Client):
    html = client.get(reverse("home:styleguide")).content.decode()
    ids = re.findall(r'\sid="([^"]+)"', html)
    assert sorted(ids) == sorted(set(ids))
    for described in re.findall(r'aria-(?:describedby|labelledby)="([^"]+)"', html):
        assert set(described.split()) <= set(ids)


@pytest.mark.parametrize("name", ["account_login", "account_reset_password", "account_reset_password_done"])
def test_the_way_in_has_the_look(client: Client, name):
    html = client.get(reverse(name)).content.decode()
    assert 'class="sheet"' in html
    assert "Menu:" not in html  # allauth's own layout


@pytest.mark.parametrize(("address", "letters"), [("rep@example.com", 1), ("nobody@example.com", 0)])
def test_who_forgot_the_password_learns_nothing_about_others(client: Client, mailoutbox, address, letters):
    user()
    answer = client.post(reverse("account_reset_password"), {"email": address}, follow=True)
    assert "Look into your mail" in answer.content.decode()
    assert len(mailoutbox) == letters


def test_only_admins_find_the_way_to_the_back_office(client: Client):
    for role, shown in (("admin", True), ("manager", False)):
        client.force_login(user(role))
        assert (reverse("admin:index") in client.get(reverse("home:me")).content.decode()) is shown


def test_an_absence_that_ends_before_it_starts_is_refused_in_words(client: Client):
    admin = user("admin")
    client.force_login(admin)
    days = {"first_day": "2026-12-24", "last_day": "2026-12-20"}
    html = client.post(
        reverse("admin:team_absence_add"), {"user": admin.pk, "substitute": admin.pk, **days}
    ).content.decode()
    assert "The last day lies before the first." in html
    assert "The substitute must be somebody else." in html
    assert "Constraint" not in html


def test_a_used_reset_link_says_so(client: Client):
    html = client.get("/account/password/reset/key/1-bad-token/").content.decode()
    assert "This link is used up" in html


@pytest.mark.parametrize("template", ["400.html", "403.html", "403_csrf.html", "404.html", "500.html"])
def test_error_pages_need_no_context(template):
    assert 'class="sheet"' in render_to_string(template)


def test_a_wrong_address_answers_in_the_look(client: Client):
    client.force_login(user())
    answer = client.get("/nowhere/")
    assert answer.status_code == 404
    assert "Nothing here for you" in answer.content.decode()
