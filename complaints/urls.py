"""Addresses of the list and the board of complaints."""

from django.urls import path

from complaints.views import queue

app_name = "complaints"
urlpatterns = [
    path("", queue.list, name="list"),
    path("board/", queue.board, name="board"),
]
