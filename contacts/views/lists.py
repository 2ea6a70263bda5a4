"""The lists of this app."""

from __future__ import annotations

from django.http import HttpResponse
from django.views.decorators.http import require_GET

from contacts.person_list import PersonListing
from contacts.touchpoint_list import TouchpointListing
from crm.lists.showing import show
from crm.team.requests import Request


@require_GET
def person_list(request: Request) -> HttpResponse:
    """Contact persons at all accounts one sees."""
    return show(request, PersonListing())


@require_GET
def touchpoint_list(request: Request) -> HttpResponse:
    """Touchpoints of all accounts one sees, and one's own."""
    return show(request, TouchpointListing())
