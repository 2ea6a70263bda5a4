"""Toasts: what was just done, said once, with the way to take it back.

They travel as Django messages, so they survive a redirect; the undo address rides in the message's extra tags, because
the message storages keep nothing else.
"""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

_UNDO = "undo:"


def toast(
    request: HttpRequest, text: str, undo_url: str | None = None, *, level: int = messages.SUCCESS
) -> None:
    """Say `text` on the next page (or fragment) this visitor gets; `undo_url` is posted to by its Undo button."""
    messages.add_message(
        request, level, text, extra_tags=_UNDO + undo_url if undo_url else "", fail_silently=True
    )


def toast_with_way_back(request: HttpRequest, text: str, *, back: str) -> None:
    """Say what was done; `back` is the address that does the opposite by the same kind of act.

    What came by that way is not offered to be undone in turn, or Z would only go to and fro.
    """
    toast(request, text, None if "undo" in request.GET else f"{back}?undo")


def undo_address(extra_tags: str) -> str:
    """The undo address inside a message's extra tags, "" where there is none."""
    return next((tag[len(_UNDO) :] for tag in extra_tags.split() if tag.startswith(_UNDO)), "")


def toasts(request: HttpRequest) -> SafeString:
    """All pending toasts as an htmx out-of-band fragment, to be added to the end of an answer."""
    return render_to_string("components/toasts.html", {"oob": True}, request=request)
