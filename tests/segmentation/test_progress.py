"""Admins see how far each manager is; nobody else does."""

from __future__ import annotations

import datetime as dt

import pytest
from django.test import Client
from django.urls import reverse

from segmentation import review
from segmentation.progress import Progress, progress
from tests.support.cast import Cast
from tests.support.proposals import make_run, propose

pytestmark = pytest.mark.django_db


def test_by_manager_and_what_nobody_has(cast: Cast, today: dt.date, now: dt.datetime) -> None:
    run = make_run(as_of=dt.date(2026, 9, 30), review_until=today + dt.timedelta(days=9))
    first = propose(run, cast.acme, "A", "B")
    for account in (cast.brewery, cast.quarry, cast.orphan):
        propose(run, account, "B", "C")
    review.accept_change(change=first, reason="delivery", actor=cast.mona, today=today, now=now)
    mona, nora = cast.mona.name, cast.nora.name
    found = progress(run, cast.ada)
    assert sorted(found, key=lambda one: one.name) == sorted(
        [Progress("", 0, 1), Progress(mona, 1, 2), Progress(nora, 0, 1)], key=lambda one: one.name
    )
    assert progress(run, cast.mona) == []
    client = Client()
    client.force_login(cast.ada)
    assert (
        reverse("segmentation:managers")
        in client.get(f"{reverse('segmentation:changes')}?show=all").content.decode()
    )
    page = client.get(reverse("segmentation:managers")).content.decode()
    assert mona in page and "1 of 2" in page
