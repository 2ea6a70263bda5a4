"""What the templates of complaints ask for besides the look."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from django import template
from django.conf import settings

from complaints.attachments import PICTURES
from complaints.file_types import ACCEPT
from complaints.models import Attachment

register = template.Library()

_SMALL = 4_000_000
"""Bytes of a picture that is fetched only to be shown small."""


@register.filter
def is_picture(attachment: Attachment) -> bool:
    """Whether a browser shows it in a tab of its own."""
    return attachment.content_type in PICTURES


@register.filter
def shown_small(attachment: Attachment) -> bool:
    """Whether the list shows it as a picture."""
    return attachment.content_type in PICTURES and attachment.size <= _SMALL


@register.simple_tag
def new_uuid() -> str:
    """The identity of a form: sent twice, done once."""
    return str(uuid4())


@register.simple_tag
def attachment_limits() -> dict[str, Any]:
    """How large a file may be, how many a complaint has, and what the browser offers."""
    return {
        "megabytes": settings.ATTACHMENT_LIMIT / 1_000_000,
        "most": settings.ATTACHMENTS_PER_COMPLAINT,
        "accept": ACCEPT,
    }
