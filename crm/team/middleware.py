"""The clock of a request: the user's time zone and language, and the day it is there; and what the log says of it."""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation
from django_structlog.middlewares import RequestMiddleware


class LocalTimeMiddleware:
    """Sets `request.now` (aware) and `request.today` (local date); views pass them on, the domain reads no clock."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.languages = {code for code, _name in settings.LANGUAGES}

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = request.user
        if not user.is_authenticated:
            return self._answer(request)
        if user.language in self.languages:
            translation.activate(user.language)
            request.LANGUAGE_CODE = user.language
        with timezone.override(zoneinfo.ZoneInfo(user.time_zone)):
            return self._answer(request)

    def _answer(self, request: HttpRequest) -> HttpResponse:
        request.now = timezone.now()  # type: ignore[attr-defined]
        request.today = timezone.localdate(request.now)  # type: ignore[attr-defined]
        return self.get_response(request)


class WhoseMiddleware:
    """Says on each page whose it is (`Opieka-User`): what a device keeps of it, it shows to nobody else."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.user.is_authenticated and response.headers.get("Content-Type", "").startswith("text/html"):
            response["Opieka-User"] = str(request.user.pk)
        return response


class RequestLog(RequestMiddleware):
    """One line in the log for each request, without the secret of a calendar's address."""

    SECRET = re.compile(r"(/calendar/)[^/]+(\.ics)")

    @staticmethod
    def format_request(request: HttpRequest) -> str:
        """Method and path."""
        return RequestLog.SECRET.sub(r"\1…\2", RequestMiddleware.format_request(request))
