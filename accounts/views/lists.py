"""The lists of this app."""

from __future__ import annotations

from django.http import HttpResponse
from django.views.decorators.http import require_GET

from accounts.account_list import AccountListing
from accounts.purchase_list import PurchaseListing
from crm.lists.showing import show
from crm.team.requests import Request


@require_GET
def account_list(request: Request) -> HttpResponse:
    """Accounts, which is also where the search box of every page leads."""
    return show(request, AccountListing())


@require_GET
def purchase_list(request: Request) -> HttpResponse:
    """Purchases of all accounts one sees."""
    return show(request, PurchaseListing())
