"""Addresses of filing a complaint, and of its attachments."""

from django.urls import path

from complaints.views import attachments, filing

app_name = "filing"
urlpatterns = [
    path("file/", filing.file, name="file"),
    path("file/accounts/", filing.accounts, name="accounts"),
    path("file/<int:pk>/purchases/", filing.purchases, name="purchases"),
    path("file/<int:pk>/lines/", filing.lines, name="lines"),
    path("file/<int:pk>/similar/", filing.similar, name="similar"),
    path("<int:pk>/attach/", attachments.attach, name="attach"),
    path("attachments/<int:pk>/", attachments.attachment, name="attachment"),
    path("attachments/<int:pk>/remove/", attachments.remove, name="attachment_remove"),
    path("attachments/undo/<str:token>/", attachments.undo, name="attachment_undo"),
]
