"""What a view is given: the request of somebody who is signed in, with the clock of their time zone."""

from __future__ import annotations

import datetime as dt

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from crm.team.models import User


class Request(HttpRequest):
    """For annotations: what the middleware leaves on each request of a page that asks for sign-in."""

    user: User
    now: dt.datetime
    """The moment of the request, aware."""
    today: dt.date
    """The local date of the user."""
    htmx: HtmxDetails
