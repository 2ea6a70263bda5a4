"""Addresses of what admins keep for complaints."""

from django.urls import path

from complaints.views import keeping

app_name = "keeping"
urlpatterns = [
    path("settings/", keeping.level_grid, name="levels"),
    path("settings/levels/undo/<str:token>/", keeping.level_undo, name="level_undo"),
    path("settings/levels/<slug:tier>/<slug:category>/", keeping.level, name="level"),
    path("settings/policy/", keeping.policy, name="policy"),
    path("settings/policy/<int:version>/use/", keeping.policy_use, name="policy_use"),
]
