from django.urls import path, re_path

from crm.lists import views

app_name = "lists"

urlpatterns = [
    path("<slug:slug>/views/", views.save, name="save"),
    path("<slug:slug>/views/start/", views.start, name="start"),
    path("<slug:slug>/views/<int:pk>/", views.update, name="update"),
    path("<slug:slug>/views/<int:pk>/name/", views.rename, name="rename"),
    path("<slug:slug>/views/<int:pk>/delete/", views.delete, name="delete"),
    path("<slug:slug>/views/<int:pk>/restore/", views.restore, name="restore"),
    re_path(r"^(?P<slug>[-\w]+)\.(?P<form>csv|xlsx)$", views.export, name="export"),
]
