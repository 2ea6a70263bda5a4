"""Addresses of filing a complaint, and of its attachments."""

from django.urls import path

from complaints.views import filing

app_name = "filing"
urlpatterns = [
    path("file/", filing.file, name="file"),
    path("<int:pk>/attach/", filing.attach, name="attach"),
    path("attachments/<uuid:uuid>/", filing.attachment, name="attachment"),
]
