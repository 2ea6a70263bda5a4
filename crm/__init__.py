"""The Django project. Importing it makes the Celery app, so that every process sends to the same broker."""

from crm.celery import app as celery_app

__all__ = ["celery_app"]
