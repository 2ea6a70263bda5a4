"""The mail to the admins when a job is given up: one for each job, whoever notices first."""

from __future__ import annotations

import datetime as dt
import logging

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from crm.jobs import wording
from crm.jobs.locks import held
from crm.jobs.models import Job
from crm.jobs.troubles import in_words
from crm.team.models import Role, User

log = logging.getLogger(__name__)


def tell_given_up(*, job_id: int, now: dt.datetime) -> bool:
    """Mail the active admins that the job was given up, unless they were told; whether a mail went out.

    Call it outside a transaction. A mail server that is away harms nothing: it is logged, and the sweep tries again.
    The lock keeps two from sending at once, and told_at says that it was sent; so a process that is killed in here
    loses no mail.
    """
    with held(f"tell:{job_id}") as free:
        job = Job.objects.filter(pk=job_id, state=Job.State.FAILED, told_at=None).first() if free else None
        if job is None:
            return False
        sent = True
        with translation.override(settings.LANGUAGE_CODE):
            try:
                sent = _send(job)
            except OSError as error:  # SMTP errors are ones
                log.warning("The mail about job %s waits for the sweep: %s", job_id, error)
                return False
        Job.objects.filter(pk=job_id, state=Job.State.FAILED, told_at=None).update(told_at=now)
        return sent


def tell_untold(*, now: dt.datetime) -> None:
    """Send the mails that could not be sent before."""
    untold = Job.objects.filter(state=Job.State.FAILED, told_at=None).order_by("pk")
    for job_id in untold.values_list("pk", flat=True):
        if not tell_given_up(job_id=job_id, now=now):
            return  # one that cannot be sent is enough to wait for


def _send(job: Job) -> bool:
    admins = User.objects.filter(role=Role.ADMIN, is_active=True).order_by("pk")
    to = list(admins.values_list("email", flat=True))
    if not to:
        return False
    what, remedy = in_words(job)
    context = {
        "job": job,
        "title": wording.title(job),
        "what": what,
        "remedy": remedy,
        "technical": "" if job.trouble == Job.Trouble.REFUSED else job.error,
        "url": settings.SITE_ADDRESS + reverse("jobs:job", args=[job.pk]),
    }
    subject = _("Given up: %(job)s") % {"job": wording.title(job)}
    EmailMessage(
        subject=" ".join(subject.split()),
        body=render_to_string("jobs/given_up.txt", context).strip() + "\n",
        to=to,
    ).send()
    return True
