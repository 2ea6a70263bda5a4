"""Addresses where an admin keeps service levels, categories, root causes and the complaint policy."""

from django.urls import path

from complaints.views import for_admins

app_name = "levels"
urlpatterns = [
    path("", for_admins.levels, name="levels"),
]
