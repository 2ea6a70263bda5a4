from django.urls import path

from accounts.views import rates

app_name = "rates"

urlpatterns = [
    path("", rates.rate_list, name="list"),
    path("lines/", rates.rate_lines, name="lines"),
    path("<int:pk>/remove/", rates.rate_remove, name="remove"),
    path("put-back/<str:code>/<str:day>/<str:rate>/", rates.rate_put_back, name="put_back"),
    path("<str:code>/", rates.currency, name="currency"),
]
