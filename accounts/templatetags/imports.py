"""Tags of the import pages."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _

from accounts.import_forms import LABELS, WORDS
from accounts.importing.fields import FIELDS_OF
from accounts.models import Import, Upload
from accounts.models.importing import ImportKind
from crm.jobs.models import Job
from crm.look import figures

register = template.Library()


@register.simple_tag
def imported_by(imported: Import) -> str:
    """Who or what brought an import. The upload and its source must be there without a query."""
    upload = getattr(imported, "upload", None)
    if upload is not None and upload.source is not None:
        return str(upload.source)
    return str(imported.started_by) if imported.started_by else _("by command")


@register.simple_tag
def field_label(kind: str, name: str) -> str:
    """What a field of a kind is called."""
    return next((str(spec.label) for spec in FIELDS_OF[ImportKind(kind)] if spec.name == name), name)


@register.simple_tag
def upload_state(upload: Upload) -> dict[str, Any]:
    """How far an upload is: `words`, `tone`, and whether its job is `going`."""
    state = upload.State(upload.state)
    job = upload.job
    if state in (Upload.State.CHECKING, Upload.State.IMPORTING):
        if job is not None and job.state not in Job.OPEN_STATES:
            return {"words": _("Stopped"), "tone": "danger", "going": False}
        return {"words": state.label, "tone": "accent", "going": True}
    if state in (Upload.State.DONE, Upload.State.KNOWN):
        return {"words": state.label, "tone": "ok" if state == Upload.State.DONE else "", "going": False}
    if upload.problem or upload.looked.get("problem"):
        words = _("Refused") if upload.problem else _("Cannot be read")
        return {"words": words, "tone": "danger", "going": False}
    waits = {Upload.State.RECEIVED: _("To be checked"), Upload.State.CHECKED: _("To be imported")}
    return {"words": waits.get(state, state.label), "tone": "warn", "going": False}


@register.simple_tag
def option_label(name: str) -> str:
    """What a reading option is called."""
    return str(LABELS.get(name, name))


@register.simple_tag
def option_value(name: str, value: str) -> str:
    """What a value of a reading option is called."""
    return str(WORDS.get(name, {}).get(value, value))


@register.simple_tag
def moment(at: dt.datetime) -> str:
    """A day and a time of it, in the time zone of the reader."""
    local = timezone.localtime(at)
    words = _("%(day)s, %(time)s") % {
        "day": figures.day(local, timezone.localdate()),
        "time": f"{local:%H:%M}",
    }
    return format_html('<time datetime="{}">{}</time>', at.isoformat(timespec="seconds"), words)
