"""What leaves the house: the calendar feed and its address, the morning digest's hour, invitations."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.contrib.messages import ERROR
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotModified
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.cache import patch_cache_control
from django.utils.http import parse_etags
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from contacts import feed as feeds
from contacts.digest_mail import user_of
from contacts.forms import DigestForm
from contacts.models import CalendarFeed
from crm.look.toast import toast
from crm.team.models import User
from crm.team.requests import Request

_SECRET = "contacts.feed"


# The feed -----------------------------------------------------------------------------------------------------------
@login_not_required
@require_safe
def calendar_feed(request: HttpRequest, secret: str) -> HttpResponse:
    """A user's open follow-ups for calendar programs: whoever has the secret may read them, signed in or not."""
    feed = feeds.feed_of(secret)
    if feed is None:
        raise Http404
    now: dt.datetime = timezone.now()
    with translation.override(feed.user.page_language), timezone.override(ZoneInfo(feed.user.time_zone)):
        found = feeds.entries(feed, now=now)
        etag = feeds.etag(found, feed)
        if etag in parse_etags(request.headers.get("If-None-Match", "")):
            answer: HttpResponse = HttpResponseNotModified()
        else:
            text = feeds.as_calendar(found, feed, now=now)
            answer = HttpResponse(text, content_type="text/calendar; charset=utf-8")
            answer["Content-Disposition"] = 'inline; filename="opieka.ics"'
    feeds.note_reading(feed, now=now)
    answer["ETag"] = etag
    answer["X-Robots-Tag"] = "noindex"
    patch_cache_control(answer, private=True, no_cache=True)
    return answer


@require_POST
def feed_make(request: Request) -> HttpResponse:
    """Make an address, in place of one that there was; the page that follows shows it, and none after it."""
    request.session[_SECRET] = feeds.make_feed(user=request.user, now=request.now)
    return redirect(reverse("home:me") + "#calendar")


@require_POST
def feed_off(request: Request) -> HttpResponse:
    """Take the address away."""
    feeds.switch_off(user=request.user)
    toast(request, _("The calendar is switched off; its address opens nothing any more."))
    return redirect(reverse("home:me") + "#calendar")


@require_POST
def feed_entries(request: Request) -> HttpResponse:
    """How contacts without a time stand in the calendar: all day, or one after another."""
    all_day = request.POST.get("all_day") != "no"
    CalendarFeed.objects.filter(user=request.user).update(all_day=all_day)
    toast(request, _("Kept. Calendars show it when they next fetch."))
    return redirect(reverse("home:me") + "#calendar")


def sending_settings(request: Request) -> dict[str, Any]:
    """What the own page says of the feed and the digest; a new address is in it once."""
    secret = request.session.pop(_SECRET, "")
    address = settings.SITE_ADDRESS + reverse("contacts:calendar_feed", args=[secret]) if secret else ""
    return {
        "feed": CalendarFeed.objects.filter(user=request.user).first(),
        "feed_address": address,
        "digest_form": DigestForm(initial={"digest_at": request.user.digest_at}, auto_id="id_%s"),
        "feed_subscribe": "webcal://" + address.partition("://")[2] if address else "",
    }


# The morning digest -------------------------------------------------------------------------------------------------
@require_POST
def digest_at(request: Request) -> HttpResponse:
    """Keep the hour of the morning digest; an empty one switches it off."""
    form = DigestForm(request.POST)
    if not form.is_valid():
        toast(request, _("Write the hour as 07:30, or leave it empty for no mail."), level=ERROR)
        return redirect(reverse("home:me") + "#digest")
    at = form.cleaned_data["digest_at"]
    User.objects.filter(pk=request.user.pk).update(digest_at=at)
    words = (
        _("The morning mail comes at %(time)s on your working days.") % {"time": f"{at:%H:%M}"} if at else ""
    )
    toast(request, words or _("No morning mail any more."))
    return redirect(reverse("home:me") + "#digest")


@csrf_exempt  # mail programs post here by themselves (RFC 8058); the signed address is what allows it
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def digest_stop(request: HttpRequest, token: str) -> HttpResponse:
    """Switch the digest off from the mail itself, signed in or not. Only a POST does: scanners of mail follow links."""
    user = user_of(token)
    if user is None:
        raise Http404
    if request.method == "POST":
        User.objects.filter(pk=user.pk).update(digest_at=None)
        user.digest_at = None
    with translation.override(user.page_language):
        return render(request, "contacts/sending/digest_stop.html", {"of": user})
