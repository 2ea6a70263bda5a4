from django.urls import path

from crm.home import views

app_name = "home"

urlpatterns = [
    path("", views.landing, name="landing"),
    path("search/", views.search, name="search"),
    path("me/", views.me, name="me"),
    path("me/theme/", views.theme, name="theme"),
    path("me/language/", views.language, name="language"),
    path("me/working-time/", views.working_time, name="working_time"),
    path("styleguide/", views.styleguide, name="styleguide"),
]
