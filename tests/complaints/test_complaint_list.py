"""The list of complaints: by time left, what its filters and views leave, who sees what, assigning with undo."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from complaints import clock, sweep, workflow
from complaints.assigning import assign_many, assignees
from complaints.errors import BadInput, NotAllowed
from complaints.models import Assigning, Complaint, ComplaintStep
from complaints.running_out import FIELDS, Clocks, Stand
from contacts.models import AgendaItem
from contacts.queue import todays_queue
from crm.lists import paging
from tests.support.cast import Cast
from tests.support.factories import (
    AgendaItemFactory,
    ComplaintFactory,
    DecisionFactory,
    FollowUpFactory,
    ProductFactory,
    QuestionFactory,
)

As = Callable[[str], Client]
NOW = dt.datetime(
    2026, 10, 13, 9, 0, tzinfo=dt.UTC
)  # a Tuesday, 11:00 in Warsaw: three working hours have gone
TODAY = NOW.date()
LIST = "/complaints/"

pytestmark = pytest.mark.django_db


def working_hours_ago(hours: int) -> dt.datetime:
    """A moment from which so many working hours have gone until NOW (8:00 to 16:00 in Warsaw, Monday to Friday)."""
    at = NOW
    while hours:
        at -= dt.timedelta(hours=1)
        local = timezone.localtime(at)
        hours -= local.weekday() < 5 and 8 <= local.hour < 16
    return at


def complain(account: Any, hours: int, *states: str, **fields: Any) -> Complaint:
    """A complaint filed so many working hours ago, that went through the states an hour apart."""
    factory = QuestionFactory if fields.pop("question", False) else ComplaintFactory
    at = working_hours_ago(hours)
    one = factory(account=account, opened_at=at, opened_on=timezone.localdate(at), **fields)
    before = "new"
    for place, state in enumerate(states, 1):
        ComplaintStep.objects.create(
            complaint=one, from_state=before, to_state=state, at=at + dt.timedelta(minutes=place)
        )
        before = state
    one.state = before
    if before == "closed":
        one.closed_on = TODAY
    one.save()
    clock.refresh(complaint_ids=[one.pk])
    one.refresh_from_db()
    return one


def shown(answer: Any, key: str = "pk") -> list[Any]:
    assert answer.status_code == 200
    return [row[key] for row in answer.context["page"].rows]


def said(answer: Any) -> list[str]:
    return [str(message) for message in get_messages(answer.wsgi_request)]


# Time left ----------------------------------------------------------------------------------------------------------
def left(complaint: Complaint, now: dt.datetime = NOW) -> Any:
    row = Complaint.objects.values(*FIELDS).get(pk=complaint.pk)
    return Clocks(now=now).of(row)


@pytest.mark.parametrize(
    ("hours", "states", "stand", "words", "more"),
    [
        # Without a tier: 8 h for the first response, 40 h in all.
        (2, [], Stand.RUNNING, "6 h left", "first response due Wed 14 Oct, 09:00"),
        (6, [], Stand.AT_RISK, "2 h left", "first response due 13:00"),
        (11, [], Stand.BREACHED, "over by 3 h", "first response was due Mon 12 Oct, 16:00"),
        (11, ["acknowledged"], Stand.RUNNING, "3 days 5 h left", "due Fri 16 Oct, 16:00"),
        (38, ["acknowledged", "in_progress"], Stand.AT_RISK, "2 h left", "due 13:00"),
        (50, ["acknowledged"], Stand.BREACHED, "over by 1 day 2 h", "was due Mon 12 Oct, 09:00"),
        (11, ["acknowledged", "waiting"], Stand.WAITING, "waiting for customer", "then 4 days 7 h left"),
        (11, ["acknowledged", "resolved"], Stand.ENDED, "in time", ""),
    ],
)
def test_time_left_in_words(
    cast: Cast, hours: int, states: list[str], stand: Stand, words: str, more: str
) -> None:
    found = left(complain(cast.acme, hours, *states))
    assert (found.stand, found.words, found.more(TODAY)) == (stand, words, more)


def test_at_the_moment_it_runs_out_and_at_night(cast: Cast) -> None:
    one = complain(cast.acme, 8)
    assert one.due_at == NOW
    assert left(one).words == "time is up"
    assert left(one, NOW - dt.timedelta(minutes=1)).words == "1 min left"
    night = dt.datetime(2026, 10, 13, 20, 0, tzinfo=dt.UTC)
    assert left(one, night).words == left(one, night + dt.timedelta(hours=8)).words == "over by 5 h"


def test_nothing_is_told_by_colour_alone(cast: Cast) -> None:
    at_risk, over = left(complain(cast.acme, 6)), left(complain(cast.acme, 11))
    assert 'data-tone="warn"' in at_risk.html() and "at risk" in at_risk.html()
    assert 'data-tone="danger"' in over.html() and "#i-alert" in over.html() and "over by" in over.html()
    assert at_risk.sentence == "at risk, 2 h left"


def test_the_hours_are_those_of_the_owners_team(cast: Cast) -> None:
    one = complain(cast.acme, 2)
    cast.north.closes_at = dt.time(12)
    cast.north.save()
    clock.refresh(complaint_ids=[one.pk])
    # Four hours a day since yesterday: an hour until noon, four tomorrow, one on the day after.
    assert left(one).words == "1 day 2 h left"


# The list -----------------------------------------------------------------------------------------------------------
@pytest.fixture
def some(cast: Cast) -> dict[str, Complaint]:
    """One of each kind at Acme, and one at each other account."""
    made = {
        "fine": complain(cast.acme, 2, "acknowledged", assignee=cast.rita, claim_cents=90_000),
        "risk": complain(cast.acme, 6, assignee=cast.serge),
        "over": complain(cast.acme, 50, "acknowledged", "in_progress", assignee=cast.rita, batch="B-7"),
        "waiting": complain(cast.acme, 11, "acknowledged", "waiting", assignee=cast.rita),
        "question": complain(cast.acme, 1, question=True, assignee=None),
        "closed": complain(cast.acme, 30, "acknowledged", "resolved", "closed", assignee=cast.rita),
        "brewery": complain(cast.brewery, 3, assignee=cast.carl),
        "quarry": complain(cast.quarry, 3, assignee=cast.otto),
        "orphan": complain(cast.orphan, 3, assignee=cast.serge),
    }
    DecisionFactory(complaint=made["over"], decided_by=cast.rita, approval="pending")
    return made


def names(answer: Any, some: dict[str, Complaint]) -> list[str]:
    by_pk = {one.pk: name for name, one in some.items()}
    return [by_pk[pk] for pk in shown(answer)]


def test_least_time_left_first(as_user: As, some: dict[str, Complaint]) -> None:
    assert names(as_user("rita").get(LIST), some) == ["over", "risk", "question", "fine", "waiting"]
    assert names(as_user("rita").get(LIST, {"sort": "-left"}), some)[-1] == "waiting"


@pytest.mark.parametrize(
    ("person", "seen"),
    [
        ("rita", {"acme"}),
        ("mona", {"acme", "brewery", "orphan"}),
        ("otto", {"quarry"}),
        ("nora", {"quarry", "orphan"}),
        ("serge", {"acme", "brewery", "quarry", "orphan"}),
        ("ada", {"acme", "brewery", "quarry", "orphan"}),
    ],
)
def test_each_role_sees_those_of_its_accounts(
    as_user: As,
    cast: Cast,
    some: dict[str, Complaint],
    person: str,
    seen: Iterable[str],
) -> None:
    client = as_user(person)
    for path, parameters in ((LIST, {"q": "leaks"}), ("/complaints/board/", {"q": "leaks"})):
        html = client.get(path, parameters).content.decode()
        for name in ("acme", "brewery", "quarry", "orphan"):
            assert (getattr(cast, name).name in html) == (name in seen), (person, name, path)
    file = b"".join(client.get("/lists/complaints.csv").streaming_content).decode("utf-8-sig")
    accounts = {line[2] for line in list(csv.reader(file.splitlines()))[1:]}
    assert accounts == {getattr(cast, name).name for name in seen}


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"view": "mine"}, ["over", "fine", "waiting"]),
        ({"view": "risk"}, ["risk"]),
        ({"view": "over"}, ["over"]),
        ({"view": "waiting"}, ["waiting"]),
        ({"view": "second"}, ["over"]),
        ({"view": "questions"}, ["question"]),
        ({"view": "closed"}, ["closed"]),
        ({"who": "none"}, ["question"]),
        ({"clock": "today"}, ["over", "risk", "question"]),
        ({"clock": "fine"}, ["question", "fine", "waiting"]),
        ({"state": "fresh"}, ["risk", "question"]),
        ({"decision": "none"}, ["over", "risk", "fine", "waiting"]),
        ({"batch": "B-7"}, ["over"]),
        ({"q": "B-7"}, ["over"]),
        ({"kind": "complaint", "who": "mine", "clock": "over"}, ["over"]),
        (
            {"state": "nonsense", "clock": "?", "from": "yesterday"},
            ["over", "risk", "question", "fine", "waiting"],
        ),
    ],
)
def test_views_and_filters(
    as_user: As,
    some: dict[str, Complaint],
    asked: dict[str, str],
    found: list[str],
) -> None:
    assert names(as_user("rita").get(LIST, asked), some) == found


def test_a_manager_filters_by_the_teams(as_user: As, some: dict[str, Complaint]) -> None:
    client = as_user("mona")
    teams = {"over", "fine", "waiting", "brewery", "risk", "question"}  # whoever works on them
    assert set(names(client.get(LIST, {"view": "team"}), some)) == teams
    assert "Nobody's" in {str(view["name"]) for view in client.get(LIST, {"view": "all"}).context["views"]}
    rita = as_user("rita").get(LIST, {"view": "all"})
    assert not {"team", "unassigned"} & {view.key for view in rita.context["asked"].views}


def test_it_is_found_by_number_words_account_and_product(
    as_user: As,
    cast: Cast,
    some: dict[str, Complaint],
) -> None:
    client = as_user("mona")
    assert shown(client.get(LIST, {"q": some["risk"].number})) == [some["risk"].pk]
    assert names(client.get(LIST, {"q": "browar"}), some) == ["brewery"]
    assert names(client.get(LIST, {"q": "delivered acme"}), some) == ["question"]
    assert names(client.get(LIST, {"q": "kamieniolom"}), some) == []
    pump = ProductFactory(code="PUMP-7", name="Pump 7")
    Complaint.objects.filter(pk=some["risk"].pk).update(product=pump)
    for asked in ("PUMP-7", "pump"):
        assert names(client.get(LIST, {"product": asked}), some) == ["risk"]
    none = client.get(LIST, {"q": some["closed"].number})
    assert shown(none) == [] and ("Look among closed ones" in none.content.decode())
    assert names(client.get(LIST, {"q": some["closed"].number, "state": "closed"}), some) == ["closed"]


def test_the_row_says_what_there_is_to_know(as_user: As, cast: Cast, some: dict[str, Complaint]) -> None:
    html = as_user("rita").get(LIST).content.decode()
    one = some["over"]
    for words in (
        one.number,
        "over by 1 day 2 h",
        "5,000 € waits for a second person",
        "Quality below promise",
        "waiting for customer",
        "Serge Example",
        f'href="/complaints/{one.pk}/"',
        ">900<",
    ):
        assert words in html, words


def test_the_file_has_what_the_page_shows(as_user: As, some: dict[str, Complaint]) -> None:
    client = as_user("rita")
    answer = client.get("/lists/complaints.csv", {"columns": "account,left,minutes,due,number,kind,state"})
    lines = list(csv.reader(b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()))
    assert [line[1] for line in lines[1:]] == [
        "over by 1 day 2 h",
        "at risk, 2 h left",
        "3 h left",
        "4 days 6 h left",
        "waiting for customer",
    ]
    assert lines[1][2:6] == ["-600", "2026-10-12 09:00", some["over"].number, "Complaint"]
    assert lines[1][6] == "In progress, 5,000 € waits for a second person"


def test_more_rows_ask_the_database_no_more_often(as_user: As, cast: Cast) -> None:
    client = as_user("mona")

    def queries() -> int:
        client.get(LIST)
        with CaptureQueriesContext(connection) as asked:
            client.get(LIST)
        return len(asked)

    complain(cast.acme, 3)
    few = queries()
    for hours in range(1, 30):
        complain(cast.acme, hours, assignee=cast.carl)
    assert queries() == few


def test_a_long_list_gives_the_rows_that_a_short_one_does(
    as_user: As,
    some: dict[str, Complaint],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    client = as_user("mona")
    short = shown(client.get(LIST))
    monkeypatch.setattr(paging, "COUNTED", 2)
    monkeypatch.setattr("crm.lists.showing.COUNTED", 2)
    assert shown(client.get(LIST)) == short and len(short) == 7


# Assigning ----------------------------------------------------------------------------------------------------------
def test_many_are_given_at_once_and_come_back(as_user: As, cast: Cast, some: dict[str, Complaint]) -> None:
    client = as_user("mona")
    rows = [some[name].pk for name in ("fine", "question", "brewery", "closed")]
    answer = client.post("/complaints/assign/", {"row": rows, "assignee": cast.serge.pk})
    assert said(answer) == ["3 complaints and questions given to Serge Example."]
    assert set(Complaint.objects.filter(assignee=cast.serge).open().values_list("pk", flat=True)) == {
        some[name].pk for name in ("fine", "question", "brewery", "risk", "orphan")
    }
    act = Assigning.objects.get()
    # Somebody has given one of them on since.
    Complaint.objects.filter(pk=some["brewery"].pk).update(assignee=cast.mona)
    undone = client.post(reverse("complaints:assign_undo", args=[act.pk]))
    assert said(undone)[-1] == "2 given back. 1 was changed since and stays."
    found = dict(Complaint.objects.values_list("pk", "assignee"))
    assert found[some["fine"].pk] == cast.rita.pk and found[some["question"].pk] is None
    assert found[some["brewery"].pk] == cast.mona.pk
    again = client.post(reverse("complaints:assign_undo", args=[act.pk]))
    assert said(again)[-1] == "This was taken back already."


def test_all_of_the_list_are_given(as_user: As, cast: Cast, some: dict[str, Complaint]) -> None:
    answer = as_user("mona").post("/complaints/assign/?clock=over", {"all": "1", "assignee": "me"})
    assert said(answer) == ["1 given to Mona Example."]
    assert list(Complaint.objects.filter(assignee=cast.mona)) == [some["over"]]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"assignee": "me"}, "Choose at least one that is open."),
        ({"row": "fine"}, "Choose who is to work on them."),
        ({"row": "fine", "assignee": "999999"}, "Choose who is to work on them."),
        ({"row": "fine", "assignee": "otto"}, "Choose one of your people, or a service agent."),
        ({"row": "fine", "assignee": "carl"}, "Carl Example does not see R/1: nothing was given."),
        ({"row": "quarry", "assignee": "me"}, "Choose at least one that is open."),
    ],
)
def test_what_cannot_be_given_is_refused_in_words(
    as_user: As,
    cast: Cast,
    some: dict[str, Complaint],
    data: dict[str, str],
    words: str,
) -> None:
    before = dict(Complaint.objects.values_list("pk", "assignee"))
    sent = dict(data)
    if "row" in sent:
        sent["row"] = str(some[sent["row"]].pk)
    if sent.get("assignee") in cast.users:
        sent["assignee"] = str(cast.users[sent["assignee"]].pk)
    assert said(as_user("mona").post("/complaints/assign/", sent)) == [words]
    assert dict(Complaint.objects.values_list("pk", "assignee")) == before
    assert not Assigning.objects.exists()


def test_whose_act_it_was_takes_it_back(as_user: As, cast: Cast, some: dict[str, Complaint]) -> None:
    as_user("rita").post("/complaints/assign/", {"row": some["risk"].pk, "assignee": "me"})
    url = reverse("complaints:assign_undo", args=[Assigning.objects.get().pk])
    assert said(as_user("ada").post(url)) == ["This cannot be undone."]
    assert Complaint.objects.get(pk=some["risk"].pk).assignee == cast.rita
    as_user("rita").post(url)
    assert Complaint.objects.get(pk=some["risk"].pk).assignee == cast.serge


def test_to_whom_one_gives(cast: Cast) -> None:
    assert set(assignees(cast.rita, on=TODAY)) == {cast.rita, cast.carl, cast.mona, cast.serge}
    assert set(assignees(cast.mona, on=TODAY)) == {cast.rita, cast.carl, cast.mona, cast.serge}
    assert set(assignees(cast.serge, on=TODAY)) == set(cast.users.values())


def test_no_more_than_anybody_works_on(
    cast: Cast, some: dict[str, Complaint], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("complaints.assigning.MOST", 2)
    given: dict[str, Any] = {"assignee": cast.serge, "actor": cast.mona, "today": TODAY, "now": NOW}
    with pytest.raises(BadInput, match="At most 2 at once"):
        assign_many(complaints=Complaint.objects.all(), **given)
    with pytest.raises(NotAllowed):
        assign_many(complaints=Complaint.objects.filter(pk=some["quarry"].pk), **given)


# Where else it is told ----------------------------------------------------------------------------------------------
def test_today_says_how_much_time_is_left(as_user: As, cast: Cast, some: dict[str, Complaint]) -> None:
    one = some["over"]
    call = FollowUpFactory(account=cast.acme, assignee=cast.rita, day=TODAY)
    AgendaItemFactory(
        account=cast.acme,
        follow_up=call,
        due=TODAY,
        reason="complaint",
        source=f"complaint:{one.pk}",
        words=f"{one.number}: It leaks.",
    )
    client = as_user("rita")
    assert "Complaint: over by 1 day 2 h" in client.get("/today/").content.decode()
    pane = client.get(f"/today/{call.pk}/").content.decode()
    assert f'<a href="/complaints/{one.pk}/">{one.number}: It leaks.</a>' in pane
    assert "over by 1 day 2 h" in pane


def test_the_complaint_that_runs_out_first_stands_first(as_user: As, cast: Cast) -> None:
    """One that waits for its customer is last."""
    waits, later, sooner = complain(cast.acme, 9, "waiting"), complain(cast.acme, 1), complain(cast.acme, 3)
    for one in (waits, later, sooner):
        call = FollowUpFactory(account=cast.acme, assignee=cast.rita, day=TODAY)
        AgendaItemFactory(
            account=cast.acme, follow_up=call, due=TODAY, reason="complaint", source=f"complaint:{one.pk}"
        )
    queue = todays_queue(cast.rita, today=TODAY).now
    found = [entry.asks[0].source for entry in queue]
    assert found == [f"complaint:{one.pk}" for one in (sooner, later, waits)]


def test_the_queue_asks_once_for_all_complaints(as_user: As, cast: Cast) -> None:
    client = as_user("rita")

    def ask(number: int) -> int:
        for _ in range(number):
            one = complain(cast.acme, 3)
            call = FollowUpFactory(account=cast.acme, assignee=cast.rita, day=TODAY)
            AgendaItemFactory(
                account=cast.acme, follow_up=call, due=TODAY, reason="complaint", source=f"complaint:{one.pk}"
            )
        client.get("/today/")
        with CaptureQueriesContext(connection) as asked:
            client.get("/today/")
        return len(asked)

    assert ask(1) == ask(9)
    assert AgendaItem.objects.count() == 10


def test_everybody_who_contacts_the_account_is_told(
    as_user: As, cast: Cast, some: dict[str, Complaint]
) -> None:
    cast.acme.open_complaints = 4
    cast.acme.save()
    call = FollowUpFactory(account=cast.acme, assignee=cast.rita, day=TODAY, channel="visit")
    client = as_user("rita")
    for path in (
        f"/accounts/{cast.acme.pk}/",
        f"/accounts/{cast.acme.pk}/purchases/",
        f"/accounts/{cast.acme.pk}/log/",
        f"/today/{call.pk}/",
        f"/today/{call.pk}/brief/",
    ):
        html = client.get(path).content.decode()
        assert "4 complaints are open." in html, path
        assert f"The most urgent: {some['over'].number}, Quality below promise: over by 1 day 2 h" in html, (
            path
        )
        assert f'href="/accounts/{cast.acme.pk}/complaints/"' in html
    cast.acme.open_complaints = 0
    cast.acme.save()
    assert "complaints are open" not in client.get(f"/accounts/{cast.acme.pk}/log/").content.decode()


def test_the_accounts_tab_leads_to_each(as_user: As, cast: Cast, some: dict[str, Complaint]) -> None:
    client = as_user("rita")
    html = client.get(f"/accounts/{cast.acme.pk}/complaints/").content.decode()
    places = [
        html.index(some[name].number) for name in ("over", "risk", "question", "fine", "waiting", "closed")
    ]
    assert places == sorted(places)
    assert "waits for a second person" in html and "over by 1 day 2 h" in html
    assert f'href="/complaints/{some["risk"].pk}/"' in html
    assert f'href="/complaints/file/?account={cast.acme.pk}"' in html
    assert as_user("otto").get(f"/accounts/{cast.acme.pk}/complaints/").status_code == 404


def test_the_mail_leads_to_the_complaint(cast: Cast, some: dict[str, Complaint], settings: Any) -> None:
    sweep.sweep(now=NOW)
    bodies = "\n".join(str(one.body) for one in mail.outbox)
    assert f"{settings.SITE_ADDRESS}/complaints/{some['over'].pk}/\n" in bodies
    assert "/accounts/" not in bodies


def test_the_navigation_counts_what_one_works_on(as_user: As, cast: Cast, some: dict[str, Complaint]) -> None:
    answer = as_user("rita").get("/accounts/")
    item = next(each for group in answer.context["nav"] for each in group.items if "complaints" in each.url)
    assert (item.count, item.key) == (2, "q")  # for what waits, no time runs
    assert as_user("serge").get("/").headers["Location"] == LIST
    workflow.acknowledge(complaint=some["risk"], actor=cast.serge, today=TODAY, now=NOW)
    assert as_user("serge").get(LIST).context["nav"][0].items[0].current
