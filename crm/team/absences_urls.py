"""Who is away when."""

from django.urls import path

from crm.team.views import absences

app_name = "absences"

urlpatterns = [
    path("", absences.absence_list, name="list"),
    path("preview/", absences.preview, name="preview"),
    path("<int:pk>/", absences.absence, name="absence"),
    path("<int:pk>/delete/", absences.absence_delete, name="delete"),
    path("people/<int:pk>/", absences.minutes, name="minutes"),
    path("undo/<str:token>/", absences.undo, name="undo"),
]
