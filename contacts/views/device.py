"""Logging without a connection: what the device is told, and what it is answered (docs/architecture.md, 3).

The log forms are what they always were. A script sends them and asks for JSON: straight away, or later from what waits
on the device, then with the moment and the person that wrote it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django import forms
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import NON_FIELD_ERRORS
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from contacts.models import Touchpoint
from crm.team.requests import Request

INVALID = 422
SOMEBODY_ELSE = 409
JSON, HTML = "application/json", "text/html"


# What the device is told ----------------------------------------------------------------------------------------------
def kept_on_device(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Allow the service worker to keep the pages of this view on the device of the user they were made for."""

    @wraps(view)
    def keeping(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        answer = view(request, *args, **kwargs)
        if request.method == "GET":
            answer["Opieka-Keep"] = "page"
        return answer

    return keeping


@login_not_required
@require_GET
def worker(request: HttpRequest) -> HttpResponse:
    """The service worker, from the root, since it may only look after what lies below its own address."""
    script = f'import "{static("js/device/worker.js")}";\n'
    answer = HttpResponse(script, content_type="text/javascript; charset=utf-8")
    answer["Cache-Control"] = "no-cache"
    return answer


@login_not_required
@never_cache
@require_GET
def who(request: HttpRequest) -> HttpResponse:
    """Who is signed in, and a token: asked for before anything that waits is sent."""
    user = str(request.user.pk) if request.user.is_authenticated else None
    return JsonResponse({"user": user, "token": get_token(request)})


@login_not_required
@kept_on_device
@require_GET
def offline(request: HttpRequest) -> HttpResponse:
    """What waits on this device; the script fills it in, the server knows nothing of it.

    It also stands in for every page that is not kept; for nobody in particular it names nobody.
    """
    signed_in = request.user.is_authenticated
    return render(request, "contacts/offline/page.html" if signed_in else "contacts/offline/nobody.html")


# What it is answered --------------------------------------------------------------------------------------------------
def asks_for_json(request: HttpRequest) -> bool:
    """Whether a script posts the form and reads the answer."""
    return request.get_preferred_type([HTML, JSON]) == JSON


def of_somebody_else(request: Request) -> HttpResponse | None:
    """The refusal of a form that another user wrote on this device; None where it is the user's own."""
    written_by = request.POST.get("written_by", "")
    if written_by in ("", str(request.user.pk)):
        return None
    return JsonResponse({"result": "somebody_else"}, status=SOMEBODY_ELSE)


def logged(request: Request, touchpoint: Touchpoint, *, to: str) -> HttpResponse:
    """The answer to a contact that was logged, now or before: on to the next page."""
    if asks_for_json(request):
        return JsonResponse({"result": "logged", "touchpoint": touchpoint.pk, "next": to})
    return redirect(to)


def refused(form: forms.Form) -> HttpResponse:
    """What is wrong, by field; "" for what no field is to blame for."""
    errors = {
        "" if name == NON_FIELD_ERRORS else name: [str(words) for words in found]
        for name, found in form.errors.items()
    }
    return JsonResponse({"result": "refused", "errors": errors}, status=INVALID)
