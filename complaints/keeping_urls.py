"""Addresses of what admins keep for complaints."""

from django.urls import path, register_converter
from django.urls.converters import StringConverter

from complaints.views import cataloguing, keeping


class Catalogue(StringConverter):
    """Which catalogue."""

    regex = "categories|causes"


register_converter(Catalogue, "catalogue")

app_name = "keeping"
urlpatterns = [
    path("settings/", keeping.level_grid, name="levels"),
    path("settings/levels/undo/<str:token>/", keeping.level_undo, name="level_undo"),
    path("settings/levels/<slug:tier>/<slug:category>/", keeping.level, name="level"),
    path("settings/policy/", keeping.policy, name="policy"),
    path("settings/policy/<int:version>/use/", keeping.policy_use, name="policy_use"),
    path("settings/<catalogue:what>/", cataloguing.catalogue, name="catalogue"),
    path("settings/<catalogue:what>/new/", cataloguing.new, name="row_new"),
    path("settings/<catalogue:what>/<slug:code>/", cataloguing.row, name="row"),
    path("settings/<catalogue:what>/<slug:code>/move/<int:to>/", cataloguing.move, name="row_move"),
    path("settings/<catalogue:what>/<slug:code>/use/<int:on>/", cataloguing.use, name="row_use"),
]
