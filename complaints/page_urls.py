"""Addresses of one complaint: its page and every act on it."""

from django.urls import path, register_converter
from django.urls.converters import StringConverter

from complaints.views import acts, correcting, outreach, page


class Undone(StringConverter):
    """What can be taken back by its number."""

    regex = "step|message|decision|assignee"


register_converter(Undone, "undone")

app_name = "complaint"
urlpatterns = [
    path("", page.page, name="page"),
    path("act/", acts.act, name="act"),
    path("say/", acts.say, name="say"),
    path("decide/", acts.decide, name="decide"),
    path("decisions/<int:decision>/", acts.second_look, name="second_look"),
    path("resolve/", acts.resolve, name="resolve"),
    path("solved/", acts.solved, name="solved"),
    path("assign/", acts.assign, name="assign"),
    path("category/", acts.recategorise, name="recategorise"),
    path("correct/", correcting.correct, name="correct"),
    path("undo/filing/", acts.undo_filing, name="undo_filing"),
    path("undo/category/<slug:code>/", acts.undo_category, name="undo_category"),
    path("undo/<undone:what>/<int:which>/", acts.undo, name="undo"),
    path("buyers/", outreach.buyers, name="outreach"),
    path("buyers/ask/", outreach.ask, name="outreach_ask"),
    path("buyers/undo/<str:token>/", outreach.undo, name="outreach_undo"),
    path("buyers/<slug:form>/", outreach.export, name="outreach_export"),
]
