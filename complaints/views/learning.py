"""To be written."""

from django.http import Http404, HttpResponse

from crm.team.requests import Request


def overview(request: Request, **_ignored: object) -> HttpResponse:
    raise Http404
