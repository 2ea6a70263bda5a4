"""What gunicorn serves while it is measured: the product and, beside it, the page P."""

from django.conf import settings

from crm.wsgi import application

settings.ROOT_URLCONF = "benchmarks.urls"

__all__ = ["application"]
