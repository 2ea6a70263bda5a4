"""Every address. Each is in the URL x role matrix (tests/test_url_matrix.py)."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

from crm.home.health import healthz

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("", include("crm.home.urls")),
    path("accounts/", include("accounts.upkeep_urls")),
    path("lists/", include("crm.lists.urls")),
    path("", include("accounts.urls")),
    path("", include("contacts.urls")),
    path("review/", include("segmentation.urls")),
    path("imports/rates/", include("accounts.rates_urls")),
    path("imports/", include("accounts.imports_urls")),
    path("jobs/", include("crm.jobs.urls")),
    path("account/", include("crm.team.urls")),
    path("admin/", admin.site.urls),
]
