"""Signing out: allauth's page; afterwards the browser forgets the pages it has seen."""

from __future__ import annotations

from allauth.account import views
from django.http import HttpRequest, HttpResponse


def sign_out(request: HttpRequest) -> HttpResponse:
    """Ask, and sign out on POST.

    The answer clears the HTTP cache and what "back" would show. Not `"storage"`: contacts of somebody else may wait on
    this device to be sent (docs/architecture.md); the page's own script takes away what is this user's.
    """
    answer: HttpResponse = views.logout(request)
    if request.method == "POST" and not request.user.is_authenticated:
        answer["Clear-Site-Data"] = '"cache"'
    return answer
