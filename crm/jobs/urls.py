from django.urls import path

from crm.jobs import views

app_name = "jobs"

urlpatterns = [
    path("", views.job_list, name="list"),
    path("now/", views.now_running, name="now"),
    path("sweep/", views.sweep_now, name="sweep"),
    path("start/<str:kind>/", views.start_job, name="start"),
    path("<int:pk>/", views.job_detail, name="job"),
    path("<int:pk>/stop/", views.stop_job, name="stop"),
    path("<int:pk>/put-back/", views.put_job_back, name="put_back"),
    path("<int:pk>/retry/", views.retry_job, name="retry"),
]
