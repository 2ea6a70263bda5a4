"""The addresses of the contact rules, included by contacts/urls.py."""

from __future__ import annotations

from django.urls import path

from contacts.views import rules

urlpatterns = [
    path("", rules.rule_list, name="rules"),
    path("new/", rules.rule_new, name="rule_new"),
    path("<int:pk>/", rules.rule_detail, name="rule"),
    path("<int:pk>/move/<int:to>/", rules.rule_move, name="rule_move"),
    path("<int:pk>/switch/<int:on>/", rules.rule_switch, name="rule_switch"),
    path("<int:pk>/remove/", rules.rule_remove, name="rule_remove"),
]
