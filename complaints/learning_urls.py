"""Addresses of what complaints teach; they only read."""

from django.urls import path

from complaints.learning.asking import PAGES
from complaints.views import learning

app_name = "learning"
urlpatterns = [
    *(
        path(
            "learning/" if name == PAGES[0][0] else f"learning/{name}/",
            learning.page,
            {"name": name},
            name=name,
        )
        for name, _words, _for_all in PAGES
    ),
    path("learning/<slug:name>/<slug:table>.<slug:form>", learning.export, name="export"),
]
