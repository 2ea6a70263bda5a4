"""To be written."""

from django.http import Http404, HttpResponse

from crm.team.requests import Request


def file(request: Request, **_ignored: object) -> HttpResponse:
    raise Http404


attach = attachment = file
