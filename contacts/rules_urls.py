"""The addresses of the contact rules, included by contacts/urls.py."""

from __future__ import annotations

from django.urls import path

from contacts.views import rule_effects, rules

urlpatterns = [
    path("", rules.rule_list, name="rules"),
    path("new/", rules.rule_new, name="rule_new"),
    path("new/trigger/", rules.rule_new, {"kind": "trigger"}, name="trigger_new"),
    path("new/preview/", rule_effects.rule_preview, name="rule_new_preview"),
    path("<int:pk>/preview/", rule_effects.rule_preview, name="rule_preview"),
    path("<int:pk>/accounts/", rule_effects.rule_accounts, name="rule_accounts"),
    path("<int:pk>/effect/<str:act>/", rule_effects.rule_effect, name="rule_effect"),
    path("<int:pk>/", rules.rule_detail, name="rule"),
    path("<int:pk>/move/<int:to>/", rules.rule_move, name="rule_move"),
    path("<int:pk>/switch/<int:on>/", rules.rule_switch, name="rule_switch"),
    path("<int:pk>/remove/", rules.rule_remove, name="rule_remove"),
]
