"""Addresses of what complaints teach."""

from django.urls import path

from complaints.views import learning

app_name = "learning"
urlpatterns = [
    path("", learning.overview, name="overview"),
]
