"""Today, logging, and contact rules. Whatever changes something is a POST."""

from django.urls import include, path

from contacts.views import handing_over, lists, today, touchpoints, uncovered

app_name = "contacts"

urlpatterns = [
    path("today/", today.today, name="today"),
    path("today/<int:pk>/", today.follow_up, name="follow_up"),
    path("today/<int:pk>/snooze/", today.follow_up_snooze, name="snooze"),
    path("today/<int:pk>/reschedule/", today.follow_up_reschedule, name="reschedule"),
    path("today/<int:pk>/skip/", today.follow_up_skip, name="skip"),
    path("today/undo/<str:token>/", today.undo, name="undo"),
    path("log/", touchpoints.log_search, name="log_search"),
    path("accounts/<int:pk>/log/", touchpoints.log_account, name="log"),
    path("persons/", lists.person_list, name="persons"),
    path("touchpoints/", lists.touchpoint_list, name="touchpoints"),
    path("touchpoints/<int:pk>/", touchpoints.touchpoint, name="touchpoint"),
    path("touchpoints/<int:pk>/delete/", touchpoints.touchpoint_delete, name="touchpoint_delete"),
    path("touchpoints/<int:pk>/restore/", touchpoints.touchpoint_restore, name="touchpoint_restore"),
    path("promises/<int:pk>/keep/", touchpoints.promise_keep, name="promise_keep"),
    path("promises/<int:pk>/break/", touchpoints.promise_break, name="promise_break"),
    path("coverage/", uncovered.coverage, name="coverage"),
    path("hand-over/", handing_over.hand_over, name="hand_over"),
    path("hand-over/<int:pk>/", handing_over.briefing, name="briefing"),
    path("hand-over/<int:pk>/undo/", handing_over.hand_over_undo, name="hand_over_undo"),
    path("rules/", include("contacts.rules_urls")),
]
