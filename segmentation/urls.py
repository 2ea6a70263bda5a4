"""Addresses of the review, under /review/."""

from __future__ import annotations

from django.urls import path

from segmentation.views import acting, commenting, exporting, pages, reasons

app_name = "segmentation"
urlpatterns = [
    path("", pages.changes, name="changes"),
    path("export/", exporting.export, name="export"),
    path("decide/", acting.decide_many, name="decide_many"),
    path("undo/", acting.undo, name="undo"),
    path("reasons/", reasons.reason_list, name="reasons"),
    path("reasons/new/", reasons.reason_new, name="reason_new"),
    path("reasons/<slug:code>/", reasons.reason_detail, name="reason"),
    path("reasons/<slug:code>/move/<int:to>/", reasons.reason_move, name="reason_move"),
    path("reasons/<slug:code>/use/<int:on>/", reasons.reason_use, name="reason_use"),
    path("managers/", pages.managers, name="managers"),
    path("<int:pk>/", pages.change, name="change"),
    path("<int:pk>/comment/", commenting.comment_on, name="comment"),
    path("<int:pk>/pin/", acting.pin, name="pin"),
]
