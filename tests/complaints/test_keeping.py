"""What admins keep: service levels with their inheritance and effect, and versions of the policy."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from complaints import clock, filing, levels, policies, workflow
from complaints.clock import Level, Levels
from complaints.errors import BadInput, NotAllowed, WrongState
from complaints.filing import Filed
from complaints.keeping_forms import LevelForm
from complaints.models import Complaint, ComplaintCategory, ComplaintPolicy, RootCause, ServiceLevel
from crm.team.models import User
from tests.support.cast import Cast
from tests.support.factories import PurchaseFactory

As = Callable[[str], Client]
NOW = dt.datetime(2026, 10, 13, 8, 0, tzinfo=dt.UTC)  # a Tuesday, 10:00 in Warsaw
TODAY = dt.date(2026, 10, 13)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def at_noon(time_machine: Any) -> None:
    """Two hours after the complaints were filed."""
    time_machine.move_to(NOW + dt.timedelta(hours=2), tick=False)


def file(cast: Cast, category: str = "quality", **fields: Any) -> Complaint:
    return filing.file_complaint(
        account=cast.acme,
        filed=Filed(
            category=ComplaintCategory.objects.get(pk=category),
            words="It leaks.",
            purchase=PurchaseFactory(account=cast.acme),
            **fields,
        ),
        uuid=uuid.uuid4(),
        actor=cast.serge,
        today=TODAY,
        now=NOW,
    )


# Service levels ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("90", 90),
        ("90 min", 90),
        ("4h", 240),
        ("1 h 30", 90),
        ("2 d", 960),
        (" 1 Day 4 hours ", 720),
        ("1,5 h", 90),
        ("1.5h", 90),
        ("0,25 d", 120),
        ("2.5 days 1 h", 1260),
        ("0.33 h", 20),
    ],
)
def test_working_time_is_read_as_people_write_it(text: str, minutes: int) -> None:
    assert levels.minutes_in(text) == minutes


@pytest.mark.parametrize(
    "text",
    [
        "",
        "  ",
        "soon",
        "4 h 2 d",
        "2 h 3 h",
        "-4 h",
        "1.5",
        "1,5 min",
        "1.500 h",
        "1,,5 h",
        "4 weeks",
        "0x10",
    ],
)
def test_what_is_no_working_time_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="working time"):
        levels.minutes_in(text)


def test_a_level_is_inherited_from_the_category_the_tier_and_the_one_for_all(cast: Cast) -> None:
    ServiceLevel.objects.all().delete()
    assert levels.cell_of(("A", "quality")).origin is None
    for key in (("", None), ("A", None), ("", "quality"), ("A", "quality")):
        levels.set_level(key=key, level=Level(10, 20), actor=cast.ada)
        assert levels.cell_of(("A", "quality")).origin == key
    for key in (("A", "quality"), ("", "quality"), ("A", None)):
        assert levels.set_level(key=key, level=None, actor=cast.ada) == Level(10, 20)
    assert levels.cell_of(("A", "quality")).origin == ("", None)


@pytest.mark.parametrize(
    ("key", "level", "field"),
    [
        (("", None), None, ""),
        (("A", None), Level(0, 10), "response"),
        (("A", None), Level(20, 10), "resolution"),
        (("A", None), Level(20, 60_001), "resolution"),
    ],
)
def test_what_no_level_can_be(cast: Cast, key: Any, level: Level | None, field: str) -> None:
    before = list(ServiceLevel.objects.values())
    with pytest.raises(BadInput) as refused:
        levels.set_level(key=key, level=level, actor=cast.ada)
    assert refused.value.field == field
    assert list(ServiceLevel.objects.values()) == before


def test_levels_are_for_admins(cast: Cast) -> None:
    with pytest.raises(NotAllowed):
        levels.set_level(key=("A", None), level=Level(10, 20), actor=cast.mona)


@pytest.mark.parametrize("level", [Level(30, 60), Level(480, 4800), Level(60, 100), None])
def test_the_effect_is_what_happens(cast: Cast, level: Level | None) -> None:
    key = (cast.acme.tier or "", "quality")
    levels.set_level(key=key, level=Level(240, 480), actor=cast.ada)
    for _n in range(3):
        file(cast)
    file(cast, "late_delivery")
    now = NOW + dt.timedelta(hours=2)

    def over() -> set[int]:
        return set(Complaint.objects.filter(due_at__lte=now).values_list("pk", flat=True))

    dues = dict(Complaint.objects.values_list("pk", "due_at"))
    late = over()
    effect = levels.effect_of(key=key, level=level, now=now)
    assert effect.looked_at == 3
    assert dict(Complaint.objects.values_list("pk", "due_at")) == dues  # nothing was written
    levels.set_level(key=key, level=level, actor=cast.ada)
    after = dict(Complaint.objects.values_list("pk", "due_at"))
    assert effect.changed == sum(after[pk] != dues[pk] for pk in dues) == 3
    assert (effect.overdue, effect.relieved) == (len(over() - late), len(late - over()))
    # And what was written is what the sweep would write.
    assert not Complaint.objects.exclude(pk__in=[one.pk for one in clock.refresh()]).exists()
    assert dict(Complaint.objects.values_list("pk", "due_at")) == after


def test_the_effect_on_many_takes_as_many_queries(cast: Cast, django_assert_num_queries: Any) -> None:
    for _n in range(2):
        for _m in range(3):
            file(cast)
        with django_assert_num_queries(6):  # levels twice, complaints, steps, teams, holidays
            levels.effect_of(key=("", None), level=Level(10, 20), now=NOW)


def test_a_complaint_is_relieved(cast: Cast) -> None:
    key = (cast.acme.tier or "", "quality")
    levels.set_level(key=key, level=Level(10, 20), actor=cast.ada)
    file(cast)
    effect = levels.effect_of(key=key, level=Level(480, 480), now=NOW + dt.timedelta(hours=2))
    assert (effect.changed, effect.overdue, effect.relieved) == (1, 0, 1)


def test_a_level_is_kept_taken_away_and_undone_on_the_page(as_user: As, cast: Cast) -> None:
    client = as_user("ada")
    address = reverse("keeping:level", args=["B", "quality"])
    page = client.get(address).content.decode()
    assert "as Tier B" in page and "Take the wider level" not in page
    kept = client.post(address, {"response": "1 h", "resolution": "1 d", "save": "1"})
    assert kept["Location"] == address
    assert Levels().of(tier="B", category="quality") == Level(60, 480)
    page = client.get(address).content.decode()
    start = page.index('action="', page.index("data-toast")) + len('action="')
    assert client.post(page[start : page.index('"', start)]).status_code == 302
    assert Levels().origin(tier="B", category="quality") == ("B", None)
    client.post(address, {"response": "1 h", "resolution": "1 d", "save": "1"})
    client.post(address, {"inherit": "1"})
    assert Levels().origin(tier="B", category="quality") == ("B", None)


def test_an_undo_keeps_what_another_admin_did_since(as_user: As, cast: Cast) -> None:
    client, key = as_user("ada"), ("B", "quality")
    address = reverse("keeping:level", args=key)
    client.post(address, {"response": "1 h", "resolution": "1 d", "save": "1"})
    page = client.get(address).content.decode()
    start = page.index('action="', page.index("data-toast")) + len('action="')
    levels.set_level(key=key, level=Level(90, 480), actor=cast.ada)
    answer = client.post(page[start : page.index('"', start)], follow=True).content.decode()
    assert "changed again meanwhile" in answer
    assert Levels().of(tier="B", category="quality") == Level(90, 480)


@pytest.mark.parametrize("minutes", [1, 59, 60, 61, 480, 510, 630, 959, 60_000])
def test_what_the_form_shows_is_read_back_to_the_minute(minutes: int) -> None:
    form = LevelForm(LevelForm.written(Level(minutes, minutes)))
    assert form.is_valid() and form.level == Level(minutes, minutes)


def test_the_page_says_what_is_wrong_and_keeps_what_was_typed(as_user: As) -> None:
    client = as_user("ada")
    answer = client.post(
        reverse("keeping:level", args=["-", "-"]), {"response": "soon", "resolution": "2 d", "save": "1"}
    )
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Write working time" in page and 'value="soon"' in page
    answer = client.post(reverse("keeping:level", args=["-", "-"]), {"inherit": "1"})
    assert answer.status_code == 422 and "The level for all stays" in answer.content.decode()


def test_the_page_shows_the_effect_and_writes_nothing(as_user: As, cast: Cast) -> None:
    file(cast)
    before = list(ServiceLevel.objects.values())
    answer = as_user("ada").post(
        reverse("keeping:level", args=["-", "quality"]),
        {"response": "1 min", "resolution": "2 min", "preview": "1"},
    )
    page = answer.content.decode()
    assert "The clock of 1 open complaint would change." in page
    assert "1 would be over its time at once." in page
    assert list(ServiceLevel.objects.values()) == before


@pytest.mark.parametrize("address", [("D", "-"), ("A", "nothing")])
def test_there_is_no_other_level(as_user: As, address: tuple[str, str]) -> None:
    assert as_user("ada").get(reverse("keeping:level", args=address)).status_code == 404


# The policy ----------------------------------------------------------------------------------------------------------
def form_of(policy: ComplaintPolicy, **changed: Any) -> dict[str, Any]:
    values = {name: getattr(policy, name) for name in ComplaintPolicy.TERMS}
    values["auto_accept_cents"] = values["auto_accept_cents"] // 100
    values["second_person_cents"] = values["second_person_cents"] // 100
    return {**values, "note": "", "based_on": policy.version, **changed}


def test_a_version_is_made_undone_and_put_in_force_again(as_user: As, cast: Cast) -> None:
    client, first = as_user("ada"), policies.policy_in_force()
    client.post(
        reverse("keeping:policy"), form_of(first, auto_accept_cents="250,50", note="Generous", save="1")
    )
    second = policies.policy_in_force()
    assert (second.version, second.auto_accept_cents, second.note) == (first.version + 1, 25_050, "Generous")
    page = client.get(reverse("keeping:policy")).content.decode()
    assert "250.50" in page and "Generous" in page
    start = page.index('action="', page.index("data-toast")) + len('action="')
    client.post(page[start : page.index('"', start)])
    assert policies.policy_in_force() == first
    client.post(reverse("keeping:policy_use", args=[second.version]))
    assert policies.policy_in_force() == second
    assert ComplaintPolicy.objects.filter(in_force=True).count() == 1


def test_the_amounts_of_the_policy_name_their_currency(as_user: As) -> None:
    page = as_user("ada").get(reverse("keeping:policy")).content.decode()
    assert "Advise to accept claims up to, €" in page
    assert "A second person approves amounts above, €" in page


def test_only_a_known_name_held_in_the_past(as_user: As) -> None:
    client, hint = as_user("ada"), "A new name holds in the past too."
    assert hint not in client.get(reverse("keeping:row_new", args=["categories"])).content.decode()
    assert hint in client.get(reverse("keeping:row", args=["categories", "quality"])).content.decode()


def test_who_saw_an_older_version_is_told(as_user: As, cast: Cast) -> None:
    first = policies.policy_in_force()
    policies.make_policy(terms={"frequent_count": 3}, note="", actor=cast.ada, now=NOW)
    answer = as_user("ada").post(reverse("keeping:policy"), form_of(first, frequent_count=5, save="1"))
    assert answer.status_code == 422
    assert f"Version {first.version + 1} is in force meanwhile" in answer.content.decode()
    assert policies.policy_in_force().frequent_count == 3
    with pytest.raises(WrongState):
        policies.make_policy(
            terms={"frequent_count": 5}, note="", actor=cast.ada, now=NOW, based_on=first.version
        )


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("auto_accept_cents", "much"),
        ("frequent_count", "1"),
        ("frequent_months", "0"),
        ("similar_months", ""),
    ],
)
def test_what_no_term_can_be_is_said_at_its_field(as_user: As, field: str, value: str) -> None:
    policy = policies.policy_in_force()
    answer = as_user("ada").post(reverse("keeping:policy"), form_of(policy, **{field: value}, save="1"))
    assert answer.status_code == 422
    assert field in answer.context["form"].errors
    assert ComplaintPolicy.objects.count() == 1


def decided(cast: Cast, actor: User, claim: int | None, *, granted: int = 0, **fields: Any) -> None:
    complaint = file(cast, claim_cents=claim, **fields)
    workflow.decide(
        complaint=complaint,
        outcome="goodwill",
        amount_cents=granted,
        reason="So be it",
        actor=actor,
        today=TODAY,
        now=NOW + dt.timedelta(minutes=1),
    )


def test_another_policy_is_tried_on_what_was_decided(as_user: As, cast: Cast) -> None:
    policies.make_policy(
        terms={"auto_accept_cents": 10_000, "frequent_count": 4, "second_person_cents": 100_000},
        note="",
        actor=cast.ada,
        now=NOW,
    )
    decided(cast, cast.mona, 5_000, granted=5_000)
    decided(cast, cast.mona, 20_000, granted=20_000)
    decided(cast, cast.mona, None)

    def tried(**terms: int) -> policies.Foreseen:
        return policies.foresee(policies.drafted(policies.policy_in_force(), terms=terms), today=TODAY)

    same = tried()
    assert (same.decided, same.moves, same.second_person, same.second_person_then) == (3, [], 0, 0)
    assert tried(auto_accept_cents=20_000).moves == [("weigh", "accept", 1)]
    assert tried(auto_accept_cents=0).moves == [("accept", "weigh", 1)]
    assert tried(second_person_cents=10_000).second_person == 1
    # All three were open by then, so that each of them is one of three.
    assert sorted(tried(frequent_count=3).moves) == [("accept", "manager", 1), ("weigh", "manager", 2)]
    page = as_user("ada").post(
        reverse("keeping:policy"),
        form_of(policies.policy_in_force(), auto_accept_cents="200", preview="1"),
    )
    assert "Of 3 decisions of the last twelve months" in page.content.decode()
    assert policies.policy_in_force().auto_accept_cents == 10_000


# Categories and causes -----------------------------------------------------------------------------------------------
def test_a_category_is_added_moved_renamed_and_put_out_of_use(as_user: As, cast: Cast) -> None:
    client = as_user("ada")
    new = reverse("keeping:row_new", args=["categories"])
    made = client.post(new, {"name": "  Wrong   invoice ", "kind": "complaint"})
    address = reverse("keeping:row", args=["categories", "wrong_invoice"])
    assert made["Location"] == address
    one = ComplaintCategory.objects.get(pk="wrong_invoice")
    complaints = ComplaintCategory.objects.filter(kind="complaint").count()
    assert (one.name, one.position) == ("Wrong invoice", complaints)  # before the questions
    client.post(reverse("keeping:row_move", args=["categories", one.pk, 1]))
    assert ComplaintCategory.objects.first() == one
    page = client.get(reverse("keeping:catalogue", args=["categories"])).content.decode()
    start = page.index('action="', page.index("data-toast")) + len('action="')
    client.post(page[start : page.index('"', start)])  # Undo
    page = client.get(reverse("keeping:catalogue", args=["categories"])).content.decode()
    assert "Moved to place" in page and "data-undo" not in page  # or Z would only go to and fro
    one.refresh_from_db()
    assert one.position == complaints
    client.post(reverse("keeping:row_move", args=["categories", one.pk, 1]))
    places = list(ComplaintCategory.objects.values_list("position", flat=True))
    assert places == list(range(1, len(places) + 1))
    client.post(address, {"name": "Invoice wrong"})
    client.post(reverse("keeping:row_use", args=["categories", one.pk, 0]))
    one.refresh_from_db()
    assert (one.name, one.kind, one.active) == ("Invoice wrong", "complaint", False)
    page = client.get(reverse("keeping:catalogue", args=["categories"])).content.decode()
    assert "Invoice wrong" in page and "out of use" in page


def test_a_cause_says_whether_the_product_is_at_fault(as_user: As) -> None:
    client = as_user("ada")
    client.post(reverse("keeping:row_new", args=["causes"]), {"name": "Bad batch", "product_fault": "on"})
    assert RootCause.objects.get(pk="bad_batch").product_fault
    client.post(reverse("keeping:row", args=["causes", "bad_batch"]), {"name": "Bad batch"})
    assert not RootCause.objects.get(pk="bad_batch").product_fault


@pytest.mark.parametrize(
    ("name", "says"),
    [(" ", "Give it a name"), ("QUALITY below promise", "already"), ("x" * 81, "At most 80")],
)
def test_names_that_no_category_can_have(as_user: As, name: str, says: str) -> None:
    before = ComplaintCategory.objects.count()
    answer = as_user("ada").post(
        reverse("keeping:row_new", args=["categories"]), {"name": name, "kind": "complaint"}
    )
    assert answer.status_code == 422 and says in answer.content.decode()
    assert ComplaintCategory.objects.count() == before


@pytest.mark.parametrize("code", ["other", "question"])
def test_something_must_always_fit(as_user: As, code: str) -> None:
    as_user("ada").post(reverse("keeping:row_use", args=["categories", code, 0]))
    assert ComplaintCategory.objects.get(pk=code).active


def test_a_category_out_of_use_is_not_offered_and_counts_what_it_has(as_user: As, cast: Cast) -> None:
    file(cast)
    client = as_user("ada")
    client.post(reverse("keeping:row_use", args=["categories", "quality", 0]))
    page = client.get(reverse("keeping:row", args=["categories", "quality"])).content.decode()
    assert "Used 1 time." in page
    with pytest.raises(BadInput):
        file(cast)
