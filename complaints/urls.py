"""Addresses of the list and the board of complaints. Whatever changes something is a POST."""

from django.urls import path

from complaints.views import queue

app_name = "complaints"
urlpatterns = [
    path("", queue.list, name="list"),
    path("board/", queue.board, name="board"),
    path("board/<int:pk>/move/", queue.move, name="move"),
    path("board/<int:pk>/undo/<int:step>/", queue.step_undo, name="step_undo"),
    path("assign/", queue.assign, name="assign"),
    path("assign/<int:pk>/undo/", queue.assign_undo, name="assign_undo"),
]
