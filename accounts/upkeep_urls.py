"""Duplicates and what is done to many accounts at once; below /accounts/."""

from django.urls import path

from accounts.views import merging

app_name = "upkeep"

urlpatterns = [
    path("duplicates/", merging.duplicates, name="duplicates"),
    path("merges/<int:pk>/undo/", merging.merge_undo, name="merge_undo"),
    path("<int:pk>/merge/", merging.account_merge_with, name="merge_with"),
    path("<int:pk>/merge/<int:other_pk>/", merging.account_merge, name="merge"),
    path("<int:pk>/persons/<int:person_pk>/merge/", merging.person_merge_with, name="person_merge_with"),
    path("<int:pk>/persons/<int:person_pk>/merge/<int:other_pk>/", merging.person_merge, name="person_merge"),
]
