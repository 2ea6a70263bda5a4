"""The board: which cards stand where, where they may go, what is refused and how, and that it comes back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from complaints import board, workflow
from complaints.errors import WrongState
from complaints.models import Complaint, State
from tests.complaints.test_complaint_list import NOW, TODAY, complain
from tests.support.cast import Cast
from tests.support.factories import ComplaintFactory, DecisionFactory

As = Callable[[str], Client]
BOARD = "/complaints/board/"
HTMX = {"HTTP_HX_REQUEST": "true", "HTTP_HX_TARGET": "board"}

pytestmark = pytest.mark.django_db


def columns(answer: Any) -> dict[str, list[int]]:
    assert answer.status_code == 200
    return {column.key: [card.pk for card in column.cards] for column in answer.context["board"]}


def numbers(answer: Any) -> dict[str, int]:
    return {column.key: column.number for column in answer.context["board"]}


def said(answer: Any) -> list[str]:
    return [str(message) for message in get_messages(answer.wsgi_request)]


def move(client: Client, one: Complaint, *, query: str = "", htmx: bool = False, **sent: str) -> Any:
    url = reverse("complaints:move", args=[one.pk]) + query
    return client.post(url, sent, **(HTMX if htmx else {}))


def state_of(one: Complaint) -> str:
    return Complaint.objects.get(pk=one.pk).state


# What stands where --------------------------------------------------------------------------------------------------
def test_a_column_for_each_state_least_time_left_first(as_user: As, cast: Cast) -> None:
    late, later = complain(cast.acme, 3), complain(cast.acme, 6)
    again = complain(cast.acme, 20, "acknowledged", "resolved", "reopened")
    waits = complain(cast.acme, 5, "acknowledged", "waiting")
    decided = complain(cast.acme, 9, "acknowledged", "decided", outcome="accepted")
    resolved = complain(cast.acme, 9, "acknowledged", "resolved")
    complain(cast.acme, 9, "acknowledged", "resolved", "closed")
    complain(cast.quarry, 9)
    pending = complain(cast.acme, 9, "acknowledged", "in_progress")
    DecisionFactory(complaint=pending, decided_by=cast.rita, approval="pending")
    answer = as_user("rita").get(BOARD)
    assert columns(answer) == {
        "new": [later.pk, late.pk, again.pk],
        "acknowledged": [],
        "in_progress": [pending.pk],
        "waiting": [waits.pk],
        "decided": [decided.pk],
        "resolved": [resolved.pk],
    }
    html = answer.content.decode()
    assert "opened again" in html and "waits for a second person" in html and "waiting for customer" in html


def test_only_some_are_shown_and_all_are_counted(as_user: As, cast: Cast) -> None:
    made = ComplaintFactory.create_batch(
        board.CARDS + 3, account=cast.acme, due_at=NOW, step=False, assignee=cast.rita
    )
    ComplaintFactory(account=cast.acme, state="reopened", due_at=NOW - dt.timedelta(days=1), step=False)
    client = as_user("rita")
    answer = client.get(BOARD)
    assert len(columns(answer)["new"]) == board.CARDS
    assert numbers(answer)["new"] == len(made) + 1
    new = next(column for column in answer.context["board"] if column.key == "new")
    assert f"All {len(made) + 1}" in answer.content.decode()
    assert client.get(new.list_url).context["page"].paginator.count == len(made) + 1
    mine = client.get(BOARD, {"view": "mine"})
    new = next(column for column in mine.context["board"] if column.key == "new")
    assert client.get(new.list_url).context["page"].paginator.count == len(made) == new.number


def test_filters_views_and_words(as_user: As, cast: Cast) -> None:
    mine, other = complain(cast.acme, 3, assignee=cast.rita), complain(cast.acme, 12, batch="B-7")
    question = complain(cast.acme, 1, question=True)
    client = as_user("rita")
    assert columns(client.get(BOARD, {"view": "mine"}))["new"] == [mine.pk]
    assert columns(client.get(BOARD, {"view": "over"}))["new"] == [other.pk]
    assert columns(client.get(BOARD, {"kind": "question"}))["new"] == [question.pk]
    assert columns(client.get(BOARD, {"q": "B-7"}))["new"] == [other.pk]
    # It comes back as it was left; the list is left for itself.
    assert client.get(BOARD).headers["Location"] == f"{BOARD}?kind=question"
    assert len(client.get("/complaints/").context["page"].rows) == 3
    assert columns(client.get(f"{BOARD}?reset=1", follow=True))["new"]
    # A search changes nothing that is remembered.
    assert columns(client.get(BOARD))["new"]


def test_a_view_of_ones_own(as_user: As, cast: Cast) -> None:
    client = as_user("rita")
    client.post("/lists/complaint-board/views/?kind=question", {"name": "Asked"})
    assert "Asked" in {view["name"] for view in client.get(BOARD, {"view": "all"}).context["views"]}
    assert client.get("/lists/complaint-board.csv").status_code == 404


def test_more_cards_ask_the_database_no_more_often(as_user: As, cast: Cast) -> None:
    client = as_user("mona")

    def queries() -> int:
        client.get(BOARD)
        with CaptureQueriesContext(connection) as asked:
            client.get(BOARD)
        return len(asked)

    complain(cast.acme, 3)
    few = queries()
    for state in ("new", "acknowledged", "in_progress", "waiting", "decided", "resolved", "reopened"):
        ComplaintFactory.create_batch(
            4, account=cast.acme, state=state, step=False, due_at=NOW, assignee=cast.carl
        )
    assert queries() == few


def test_for_who_sees_nothing_and_nobody(as_user: As, cast: Cast) -> None:
    assert "Nothing is open" in as_user("rita").get(BOARD).content.decode()
    assert "Nothing here matches" in as_user("rita").get(BOARD, {"kind": "question"}).content.decode()
    one = complain(cast.quarry, 3)
    for client in (as_user("rita"), as_user("mona")):
        assert client.get(reverse("complaints:move", args=[one.pk])).status_code == 404
        assert move(client, one, to="acknowledged").status_code == 404
    assert state_of(one) == "new"


# Moving -------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("states", "to", "after"),
    [
        ([], "acknowledged", "acknowledged"),
        ([], "in_progress", "in_progress"),
        ([], "waiting", "waiting"),
        (["acknowledged"], "in_progress", "in_progress"),
        (["acknowledged", "waiting"], "in_progress", "in_progress"),
        (["acknowledged", "decided"], "waiting", "waiting"),
        (["acknowledged", "resolved", "reopened"], "acknowledged", "acknowledged"),
        # What was decided before goes back to that, whatever column it was dropped on.
        (["acknowledged", "decided", "waiting"], "in_progress", "decided"),
    ],
)
def test_a_card_goes_where_a_single_step_leads(
    as_user: As,
    cast: Cast,
    states: list[str],
    to: str,
    after: str,
) -> None:
    one = complain(cast.acme, 5, *states)
    answer = move(as_user("serge"), one, to=to, query="?kind=complaint", htmx=True)
    assert state_of(one) == after
    assert one.pk in columns(answer)[after]
    step = one.steps.order_by("-pk").first()
    assert step is not None and (step.to_state, step.actor) == (after, cast.serge)
    html = answer.content.decode()
    assert f"{one.number}, {cast.acme.name}: " in html and "hx-swap-oob" in html
    assert reverse("complaints:step_undo", args=[one.pk, step.pk]) in html


@pytest.mark.parametrize(
    ("states", "question", "to", "why"),
    [
        (
            ["acknowledged"],
            False,
            "new",
            "cannot go from “Acknowledged” to “New”. Nothing becomes new again.",
        ),
        (["acknowledged"], False, "resolved", "It must be decided before it is resolved."),
        (["acknowledged", "in_progress"], False, "acknowledged", "It has come further already."),
        (
            ["acknowledged", "resolved"],
            False,
            "waiting",
            "It is resolved: close it, or open it again on its page.",
        ),
        (["acknowledged", "waiting"], False, "acknowledged", "Say first that the customer answered."),
        ([], True, "decided", "A question is answered, not decided."),
        ([], False, "decided", "this needs more to be said. Do it on its page."),
        (["acknowledged", "decided"], False, "resolved", "this needs more to be said. Do it on its page."),
        ([], True, "resolved", "this needs more to be said. Do it on its page."),
        ([], False, "new", "stands there already."),
        ([], False, "cellar", "There is no such column."),
    ],
)
def test_what_is_refused_says_why_and_changes_nothing(
    as_user: As,
    cast: Cast,
    states: list[str],
    question: bool,
    to: str,
    why: str,
) -> None:
    one = complain(cast.acme, 5, *states, question=question)
    answer = move(as_user("rita"), one, to=to)
    assert answer.status_code == 302 and why in said(answer)[0]
    assert state_of(one) == one.state and one.steps.count() == len(states) + 1


def test_every_pair_of_state_and_column_has_an_answer(cast: Cast) -> None:
    """An act that the workflow allows, or words; what cards say of themselves agrees with it."""
    for state in board.COLUMN_OF:
        for kind in ("complaint", "question"):
            one = Complaint(number="R-1", state=state, kind=kind)
            for column in ("new", *board.COLUMN_OF.values()):
                try:
                    act = board.act_towards(one, column)
                except WrongState as refused:
                    assert "R-1" in str(refused)
                    assert column not in board.targets(state)
                else:
                    assert State(state) in workflow.FROM[act] and column in board.targets(state)
            assert not set(board.forms(state, kind)) & set(board.targets(state))


def test_the_menu_does_what_dragging_does(as_user: As, cast: Cast) -> None:
    one = complain(cast.acme, 9, "acknowledged", "resolved")
    client = as_user("rita")
    page = client.get(reverse("complaints:move", args=[one.pk])).content.decode()
    assert 'value="close"' in page and 'value="wait"' not in page and f'href="/complaints/{one.pk}/"' in page
    dialog = client.get(reverse("complaints:move", args=[one.pk]), **HTMX).content.decode()
    assert dialog.lstrip().startswith("<dialog")
    answer = move(client, one, act="close")
    assert answer.headers["Location"] == BOARD and state_of(one) == "closed"
    assert said(answer) == [f"{one.number}, {cast.acme.name}: closed."]
    # Somebody was quicker: the page was old.
    assert "by now" in said(move(client, one, act="close"))[-1]
    assert "Choose what is done." in said(move(client, one, act="decide"))[-1]


def test_a_step_is_taken_back(as_user: As, cast: Cast) -> None:
    one = complain(cast.acme, 5)
    client = as_user("rita")
    move(client, one, to="acknowledged")
    step = one.steps.order_by("-pk").first()
    assert step is not None
    url = reverse("complaints:step_undo", args=[one.pk, step.pk])
    assert as_user("otto").post(url).status_code == 404
    assert said(as_user("mona").post(url)) == ["Only who did it takes it back."]
    assert said(client.post(url))[-1] == f"Taken back: {one.number} is new again."
    assert state_of(one) == "new" and one.steps.count() == 1
    one.refresh_from_db()
    assert one.responded_at is None and one.due_at == one.response_due_at


def test_one_is_given_to_somebody_from_its_menu(as_user: As, cast: Cast) -> None:
    one = complain(cast.acme, 5, assignee=cast.rita)
    answer = as_user("rita").post(
        "/complaints/assign/", {"row": one.pk, "assignee": cast.serge.pk, "next": f"{BOARD}?kind=complaint"}
    )
    assert answer.headers["Location"] == f"{BOARD}?kind=complaint"
    assert Complaint.objects.get(pk=one.pk).assignee == cast.serge
    away = as_user("rita").post(
        "/complaints/assign/", {"row": one.pk, "assignee": "me", "next": "https://evil.example/"}
    )
    assert away.headers["Location"] == "/complaints/"


def test_the_days_are_those_of_the_reader(as_user: As, cast: Cast) -> None:
    cast.serge.time_zone = "Europe/Sofia"
    cast.serge.save()
    complain(cast.acme, 6)
    assert "first response due 14:00" in as_user("serge").get(BOARD).content.decode()
    assert timezone.localdate(NOW) == TODAY
