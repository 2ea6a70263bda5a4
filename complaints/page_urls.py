"""Addresses of one complaint: its page and every act on it."""

from django.urls import path

from complaints.views import page

app_name = "complaint"
urlpatterns = [
    path("", page.page, name="page"),
]
