"""Duplicates and what is done to many accounts at once; below /accounts/."""

from django.urls import path

from accounts.views import many, merging

app_name = "upkeep"

urlpatterns = [
    path("bulk/", many.bulk_act, name="bulk"),
    path("bulk/<int:pk>/undo/", many.bulk_undo, name="bulk_undo"),
    path("<int:pk>/team/", many.team_and_tags, name="team"),
    path("duplicates/", merging.duplicates, name="duplicates"),
    path("duplicates/dismiss/", merging.dismiss, name="dismiss"),
    path("duplicates/dismissals/<int:pk>/undo/", merging.dismissal_undo, name="dismissal_undo"),
    path("merges/<int:pk>/undo/", merging.merge_undo, name="merge_undo"),
    path("<int:pk>/merge/", merging.account_merge_with, name="merge_with"),
    path("<int:pk>/merge/<int:other_pk>/", merging.account_merge, name="merge"),
    path("<int:pk>/persons/<int:person_pk>/merge/", merging.person_merge_with, name="person_merge_with"),
    path("<int:pk>/persons/<int:person_pk>/merge/<int:other_pk>/", merging.person_merge, name="person_merge"),
]
