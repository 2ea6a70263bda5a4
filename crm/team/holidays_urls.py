"""Public holidays, for admins."""

from django.urls import path

from crm.team.views import holidays

app_name = "holidays"

urlpatterns = [
    path("", holidays.holiday_list, name="list"),
    path("fill/", holidays.fill, name="fill"),
    path("<int:pk>/switch/", holidays.switch, name="switch"),
    path("<int:pk>/forget/", holidays.forget, name="forget"),
    path("undo/<str:token>/", holidays.undo, name="undo"),
]
