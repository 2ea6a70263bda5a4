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
    path("policies/", include("segmentation.policy_urls")),
    path("insight/", include("segmentation.insight_urls")),
    path("complaints/", include("complaints.filing_urls")),
    path("complaints/", include("complaints.keeping_urls")),
    path("complaints/", include("complaints.learning_urls")),
    path("complaints/<int:pk>/", include("complaints.page_urls")),
    path("complaints/", include("complaints.urls")),
    path("imports/rates/", include("accounts.rates_urls")),
    path("imports/", include("accounts.imports_urls")),
    path("jobs/", include("crm.jobs.urls")),
    path("absences/", include("crm.team.absences_urls")),
    path("holidays/", include("crm.team.holidays_urls")),
    path("account/", include("crm.team.urls")),
    path("admin/", admin.site.urls),
]
