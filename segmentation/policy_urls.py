"""Addresses of the tier policies, under /policies/; for admins."""

from __future__ import annotations

from django.urls import path

from segmentation.views import back_tests, policies, simulations

app_name = "policies"
urlpatterns = [
    path("", policies.policy_list, name="list"),
    path("new/", policies.new, name="new"),
    path("compare/", policies.compare, name="compare"),
    path("<int:pk>/", policies.policy, name="policy"),
    path("<int:pk>/start/", policies.start, name="start"),
    path("<int:pk>/wait/", policies.wait, name="wait"),
    path("<int:pk>/remove/", policies.remove, name="remove"),
    path("<int:pk>/simulate/", simulations.simulate, name="simulate"),
    path("<int:pk>/moves/", simulations.moves, name="moves"),
    path("<int:pk>/moves/<slug:form>/", simulations.moves_export, name="moves_export"),
    path("<int:pk>/back-test/", back_tests.back_test, name="back_test"),
    path("<int:pk>/back-test/<slug:form>/", back_tests.back_test_export, name="back_test_export"),
]
