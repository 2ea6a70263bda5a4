"""What the schedule asks of complaints."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from complaints import attachments, sweep


@shared_task(name="complaints.tasks.sweep_complaints")
def sweep_complaints() -> None:
    """Escalate what runs out of time. Late, doubled or killed it does no harm: the next one does what is left."""
    sweep.sweep(now=timezone.now())


@shared_task(name="complaints.tasks.sweep_attachments")
def sweep_attachments() -> int:
    """Remove files that no complaint names: a form was left, or a process died between the file and its row."""
    return attachments.sweep(now=timezone.now())
