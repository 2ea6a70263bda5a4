"""Addresses of the insight pages, under /insight/."""

from __future__ import annotations

from django.urls import path

from segmentation.views import foreseen, insight, insight_lists

app_name = "insight"
urlpatterns = [
    path("", insight.pareto, name="pareto"),
    path("migration/", insight.migration, name="migration"),
    path("time/", insight.service_time_page, name="time"),
    path("reasons/", insight.reasons, name="reasons"),
    path("wallet/", insight.wallet, name="wallet"),
    path("policy/", foreseen.next_policy, name="policy"),
    path("accounts/<slug:kind>/", insight_lists.accounts, name="accounts"),
    path("accounts/<slug:kind>/<slug:form>/", insight_lists.accounts_export, name="accounts_export"),
    path("export/<slug:page>/<slug:form>/", insight_lists.export, name="export"),
]
