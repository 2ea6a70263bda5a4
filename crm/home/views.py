"""Where a day starts, oneself, and the style guide."""

from __future__ import annotations

from typing import cast

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.utils.translation import override
from django.views.decorators.http import require_GET, require_POST

from contacts.views.sending import sending_settings
from crm.home import guide
from crm.home.context import places
from crm.home.search import find
from crm.look.returning import asked_from
from crm.look.toast import toast
from crm.team.forms import WorkingTimeForm
from crm.team.models import User
from crm.team.requests import Request
from crm.team.working_time import set_working_time

INVALID = 422
THEMES = ("", "light", "dark")
A_YEAR = 60 * 60 * 24 * 365
LONGEST_SEARCH = 200


def _signed_in(request: HttpRequest) -> User:
    """The user of a page that LoginRequiredMiddleware guards."""
    return cast(User, request.user)


@require_GET
def landing(request: HttpRequest) -> HttpResponse:
    """The page a role starts its day on."""
    return redirect(places(_signed_in(request).role)[0])


@require_GET
def search(request: HttpRequest) -> HttpResponse:
    """Who is calling: complaints, accounts, persons, purchases by what was typed; for htmx what was found, alone."""
    asked = cast(Request, request)
    words = request.GET.get("find", "").strip()[:LONGEST_SEARCH]
    found = find(words, user=asked.user, today=asked.today) if words else None
    template = "home/search_found.html" if asked.htmx else "home/search.html"
    answer = render(request, template, {"found": found, "q": words})
    patch_vary_headers(answer, ["HX-Request"])
    return answer


@require_GET
def me(request: HttpRequest) -> HttpResponse:
    """Who is signed in, working time, theme, language, what is sent, signing out; on a phone every page ("More")."""
    return _me(request, WorkingTimeForm(instance=_signed_in(request)))


def _me(request: HttpRequest, form: WorkingTimeForm, *, status: int = 200) -> HttpResponse:
    chosen = _signed_in(request).theme
    sending = sending_settings(cast(Request, request))
    answer = render(
        request,
        "home/me.html",
        {
            "working_time": form,
            "themes": [
                ("", _("As the system"), "theme", chosen == ""),
                ("light", _("Light"), "sun", chosen == "light"),
                ("dark", _("Dark"), "moon", chosen == "dark"),
            ],
            "languages": settings.LANGUAGES,
            **sending,
        },
        status=status,
    )
    if sending["feed_address"]:  # a secret, shown once
        answer["Cache-Control"] = "no-store"
    return answer


@require_POST
def working_time(request: HttpRequest) -> HttpResponse:
    """When one works, where, and how much of it is for contacts: the plan follows."""
    asked = cast(Request, request)
    form = WorkingTimeForm(request.POST, instance=asked.user)
    if not form.is_valid():
        return _me(request, form, status=INVALID)
    changed = set_working_time(user=asked.user, values=form.cleaned_data, today=asked.today, now=asked.now)
    if changed:
        toast(request, _("Working time saved. Your contacts are planned by it."))
    return redirect("home:me")


def _back(request: HttpRequest) -> HttpResponse:
    return redirect(asked_from(request) or "home:me")


@login_not_required
@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Keep the theme: on the user, and in a cookie for the pages before signing in. "" follows the system."""
    chosen = request.POST.get("theme", "")
    if chosen not in THEMES:
        raise Http404
    if request.user.is_authenticated:
        User.objects.filter(pk=request.user.pk).update(theme=chosen)
    answer = _back(request)
    if chosen:
        answer.set_cookie(
            "theme", chosen, max_age=A_YEAR, samesite="Lax", secure=request.is_secure(), httponly=False
        )
    else:
        answer.delete_cookie("theme")
    return answer


@login_not_required
@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Keep the language of the pages: on the user, and in Django's cookie for the pages before signing in."""
    chosen = request.POST.get("language", "")
    if chosen not in dict(settings.LANGUAGES):
        raise Http404
    if request.user.is_authenticated:
        User.objects.filter(pk=request.user.pk).update(language=chosen)
        with override(chosen):
            toast(
                request,
                _("The pages now speak %(language)s.") % {"language": dict(settings.LANGUAGES)[chosen]},
            )
    answer = _back(request)
    answer.set_cookie(
        settings.LANGUAGE_COOKIE_NAME, chosen, max_age=A_YEAR, samesite="Lax", secure=request.is_secure()
    )
    return answer


@login_not_required
def styleguide(request: HttpRequest) -> HttpResponse:
    """Every component in every state, drawn by the very tags and partials the pages use. Development only."""
    if not (settings.DEBUG or getattr(settings, "STYLEGUIDE", False)):
        raise Http404
    return render(request, "home/styleguide.html", guide.samples(request))
