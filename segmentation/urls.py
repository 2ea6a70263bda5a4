"""Addresses of the review, under /review/."""

from __future__ import annotations

from django.urls import path

from segmentation.views import acting, commenting, exporting, pages

app_name = "segmentation"
urlpatterns = [
    path("", pages.changes, name="changes"),
    path("export/", exporting.export, name="export"),
    path("decide/", acting.decide_many, name="decide_many"),
    path("undo/", acting.undo, name="undo"),
    path("managers/", pages.managers, name="managers"),
    path("<int:pk>/", pages.change, name="change"),
    path("<int:pk>/comment/", commenting.comment_on, name="comment"),
    path("<int:pk>/pin/", acting.pin, name="pin"),
]
