"""The addresses of the workload and of restarts, included by contacts/urls.py."""

from __future__ import annotations

from django.urls import path

from contacts.views import restarts, workload

urlpatterns = [
    path("", workload.workload, name="workload"),
    path("<int:pk>/", workload.workload_rep, name="workload_rep"),
    path("<int:pk>/stretch/<int:rule_pk>/", workload.stretch, name="workload_stretch"),
    path(
        "stretched/<int:rule_pk>/<int:before>/<int:after>/undo/", workload.stretch_undo, name="stretch_undo"
    ),
    path("<int:pk>/move/<int:to>/", workload.move, name="workload_move"),
    path("<int:pk>/restart/", restarts.restart, name="restart"),
    path("restarts/<int:pk>/undo/", restarts.restart_undo, name="restart_undo"),
]
