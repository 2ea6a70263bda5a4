"""Toasts survive a redirect, carry their undo, and reach a page and a fragment alike."""

import re

import pytest
from django.contrib import messages
from django.contrib.messages.storage.cookie import CookieStorage
from django.template.loader import render_to_string
from django.test import RequestFactory

from crm.look.toast import toast, toasts, undo_address


@pytest.fixture
def request_(rf: RequestFactory):
    request = rf.get("/today/17/?tier=A")
    request._messages = CookieStorage(request)
    return request


def test_a_toast_with_undo_is_a_form(request_):
    toast(request_, "Logged: Młyny & Kaszarnie.", undo_url="/today/17/undo/")
    html = render_to_string(
        "components/toasts.html", {"messages": messages.get_messages(request_)}, request=request_
    )
    assert 'role="status" aria-live="polite"' in html
    assert "Logged: Młyny &amp; Kaszarnie." in html
    assert '<form method="post" action="/today/17/undo/">' in html
    assert "csrfmiddlewaretoken" in html
    assert 'name="next" value="/today/17/?tier=A"' in html
    assert 'aria-keyshortcuts="z"' in html
    assert 'data-toast="12"' in html


def test_a_toast_without_undo_leaves_sooner_and_an_error_stays(request_):
    toast(request_, "Saved.")
    toast(request_, "Not saved.", level=messages.ERROR)
    html = render_to_string(
        "components/toasts.html", {"messages": messages.get_messages(request_)}, request=request_
    )
    assert re.findall(r'data-toast="(\w+)"', html) == ["6", "stays"]
    assert "data-undo" not in html
    assert html.count('data-tone="danger"') == 1


def test_the_undo_address_survives_the_storage(request_):
    toast(request_, "Saved.", undo_url="/a/")
    (stored,) = CookieStorage(request_)._decode(
        request_._messages._encode(request_._messages._queued_messages)
    )
    assert undo_address(stored.extra_tags) == "/a/"


@pytest.mark.parametrize(
    ("tags", "address"), [("", ""), ("warning", ""), ("undo:/a/?b=c", "/a/?b=c"), ("x undo:/a/", "/a/")]
)
def test_undo_address(tags, address):
    assert undo_address(tags) == address


def test_as_a_fragment_they_are_appended_to_those_on_the_page(request_):
    toast(request_, "Saved.")
    html = toasts(request_)
    assert 'id="toasts" hx-swap-oob="beforeend"' in html
    assert "Saved." in html
    assert "role=" not in html
