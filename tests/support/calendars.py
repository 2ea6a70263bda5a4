"""Calendars read by others: vobject, which had no part in writing them, and Radicale, a real CalDAV server."""

from __future__ import annotations

import datetime as dt
import http.client
import threading
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server
from xml.etree import ElementTree

import vobject
from radicale import config
from radicale.app import Application

SOMEBODY = "Basic " + b64encode(b"somebody:anything").decode()
QUERY = """<?xml version="1.0"?>
<C:calendar-query xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav">
  <D:prop><C:calendar-data/></D:prop>
  <C:filter><C:comp-filter name="VCALENDAR"><C:comp-filter name="VEVENT">
    <C:time-range start="{start:%Y%m%dT%H%M%SZ}" end="{end:%Y%m%dT%H%M%SZ}"/>
  </C:comp-filter></C:comp-filter></C:filter>
</C:calendar-query>"""


def events_in(text: bytes) -> dict[str, Any]:
    """The events of a calendar by UID, as vobject reads them."""
    calendar = vobject.readOne(text.decode())
    return {event.uid.value: event for event in calendar.contents.get("vevent", [])}


class _Quiet(WSGIRequestHandler):
    def log_message(self, *args: Any) -> None:
        """Say nothing."""


class CalendarServer:
    """Radicale on a port of its own."""

    def __init__(self, port: int) -> None:
        self.port = port

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, bytes]:
        """Status and body of one request."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, path, body, {"Authorization": SOMEBODY, **headers})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def put(self, text: bytes) -> None:
        """Make the calendar of these events, as a program does that imports a file or subscribes to one."""
        status, answer = self.ask("PUT", "/somebody/contacts/", text, **{"Content-Type": "text/calendar"})
        assert status == 201, answer

    def between(self, start: dt.datetime, end: dt.datetime) -> dict[str, Any]:
        """What a CalDAV program is told of a span of time: events by UID."""
        query = QUERY.format(start=start.astimezone(dt.UTC), end=end.astimezone(dt.UTC))
        headers = {"Content-Type": "application/xml", "Depth": "1"}
        status, answer = self.ask("REPORT", "/somebody/contacts/", query.encode(), **headers)
        assert status == 207, answer
        found = {}
        for data in ElementTree.fromstring(answer).iter("{urn:ietf:params:xml:ns:caldav}calendar-data"):
            found |= events_in((data.text or "").encode())
        return found


@contextmanager
def calendar_server(folder: Path) -> Iterator[CalendarServer]:
    """A running calendar server that keeps its files in the folder."""
    settings = config.load()
    settings.update(
        {
            "auth": {"type": "none"},
            "rights": {"type": "owner_write"},
            "storage": {"filesystem_folder": str(folder)},
            "logging": {"level": "critical"},
        },
        "test",
    )
    server = make_server("127.0.0.1", 0, Application(settings), handler_class=_Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield CalendarServer(server.server_port)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
