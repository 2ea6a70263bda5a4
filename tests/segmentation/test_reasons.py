"""The catalogue of reasons: what an admin may do with it, and that decisions keep what they gave."""

from __future__ import annotations

import datetime as dt
import importlib
from typing import Any

import pytest
from django.apps import apps
from django.test import Client
from django.urls import reverse
from django.utils import translation

from segmentation import reasons, review
from segmentation.errors import ReasonMissing, ReasonRefused
from segmentation.models import Reason, TierChange, TieringRun
from segmentation.reasons import FELL, ROSE, Known
from tests.support.cast import Cast
from tests.support.proposals import make_run, propose

pytestmark = pytest.mark.django_db
LIST = "/review/reasons/"


@pytest.fixture
def run(cast: Cast) -> TieringRun:
    return make_run(as_of=dt.date(2026, 9, 30), review_until=dt.date(2026, 10, 22))


@pytest.fixture
def change(cast: Cast, run: TieringRun) -> TierChange:
    return propose(run, cast.acme, "A", "B", revenue_cents=900_000)


@pytest.fixture
def deciding(cast: Cast, today: dt.date, now: dt.datetime, planned: list[list[int]]) -> dict[str, Any]:
    return {"actor": cast.mona, "today": today, "now": now}


@pytest.fixture
def clock(today: dt.date, time_machine: Any) -> None:
    time_machine.move_to(dt.datetime.combine(today, dt.time(9), tzinfo=dt.UTC))


def client_of(cast: Cast, name: str) -> Client:
    client = Client()
    client.force_login(cast.users[name])
    return client


@pytest.fixture
def ada(cast: Cast, clock: None) -> Client:
    return client_of(cast, "ada")


@pytest.fixture
def mona(cast: Cast, clock: None) -> Client:
    return client_of(cast, "mona")


def codes() -> list[str]:
    return list(Reason.objects.order_by("position").values_list("code", flat=True))


# The catalogue ------------------------------------------------------------------------------------------------------
def test_a_new_installation_has_the_reasons_of_the_domain_page_and_filling_again_adds_none() -> None:
    migration = importlib.import_module("segmentation.migrations.0008_reasons_are_a_catalogue")
    assert [tuple(map(str, one)) for one in reasons.FIRST] == list(migration.FIRST)
    assert codes() == [code for code, _name, _offered in migration.FIRST] == list(Known)
    reasons.fill(Reason)
    assert Reason.objects.count() == 11
    Reason.objects.all().delete()
    migration.fill(apps, None)
    assert codes() == list(Known)


def test_what_is_offered_for_a_direction_and_what_stands_behind() -> None:
    offered, further = reasons.catalogue().offered(FELL)
    assert [one.code for one in further] == [Known.GROWING_NEED, Known.WON_SHARE]
    assert Known.DELIVERY in [one.code for one in offered]
    offered, further = reasons.catalogue().offered(ROSE)
    assert Known.GROWING_NEED in [one.code for one in offered] and Known.NEGLECT in [
        one.code for one in further
    ]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [("A", "B", FELL), ("C", None, FELL), ("B", "A", ROSE), (None, "C", ROSE), ("C", "A", ROSE)],
)
def test_which_way_a_change_leads(before: str | None, after: str | None, expected: str) -> None:
    assert reasons.way(before, after) == expected


def test_a_new_reason_stands_before_other_and_can_be_given(
    change: TierChange, deciding: dict[str, Any]
) -> None:
    made = reasons.add_reason(name="  Moved   abroad ", offered="fell")
    assert (made.code, made.name, made.offered) == ("moved_abroad", "Moved abroad", "fell")
    assert codes()[-2:] == ["moved_abroad", "other"]
    assert list(Reason.objects.order_by("position").values_list("position", flat=True)) == list(range(1, 13))
    assert review.accept_change(change=change, reason=made.code, **deciding).reason == "moved_abroad"
    assert reasons.given() == {"moved_abroad": 1}


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("New", "new_2"),
        ("Ceny!", "ceny"),
        ("Конкуренция", "reason"),
        ("Delivery", "delivery_2"),
        ("A very long reason that nobody can remember", "a_very_long_reason_t"),
    ],
)
def test_the_code_is_made_of_the_name_and_is_nobody_elses(name: str, code: str) -> None:
    assert reasons.add_reason(name=name, offered="both").code == code


@pytest.mark.parametrize(
    ("name", "offered", "field", "words"),
    [
        ("   ", "both", "name", "few words"),
        ("x" * 61, "both", "name", "these are 61"),
        ("delivery PROBLEMS", "both", "name", "“Delivery problems” already."),
        ("Moved abroad", "sideways", "offered", "Choose"),
    ],
)
def test_what_the_catalogue_refuses(name: str, offered: str, field: str, words: str) -> None:
    with pytest.raises(ReasonRefused, match=words) as refused:
        reasons.add_reason(name=name, offered=offered)
    assert refused.value.field == field and Reason.objects.count() == 11


def test_a_name_that_is_out_of_use_is_said_to_be_put_in_use_again() -> None:
    reasons.use_reason(reason=Reason.objects.get(pk="delivery"), active=False)
    with pytest.raises(ReasonRefused, match="put it in use again"):
        reasons.add_reason(name="Delivery problems", offered="both")


def test_renaming_holds_in_the_past_and_leaves_the_code(
    change: TierChange, deciding: dict[str, Any], mona: Client
) -> None:
    review.accept_change(change=change, reason="delivery", **deciding)
    reasons.edit_reason(reason=Reason.objects.get(pk="delivery"), name="Late or wrong goods", offered="both")
    change.refresh_from_db()
    assert change.reason == "delivery"
    for url in (
        "/review/?show=all",
        f"/review/{change.pk}/?show=all",
        f"/accounts/{change.account_id}/tiers/",
    ):
        page = mona.get(url).content.decode()
        assert "Late or wrong goods" in page and "Delivery problems" not in page, url
    assert "Late or wrong goods" in b"".join(mona.get("/review/export/?show=all").streaming_content).decode()
    assert "Late or wrong goods" in mona.get("/insight/reasons/").content.decode()


def test_out_of_use_it_cannot_be_given_and_stays_in_the_past(
    cast: Cast, run: TieringRun, change: TierChange, deciding: dict[str, Any], mona: Client
) -> None:
    other = propose(run, cast.brewery, "A", "B")
    review.accept_change(change=change, reason="delivery", **deciding)
    reasons.use_reason(reason=Reason.objects.get(pk="delivery"), active=False)
    with pytest.raises(ReasonMissing):
        review.accept_change(change=other, reason="delivery", **deciding)
    with pytest.raises(ReasonMissing):
        review.decide_many(change_ids=[other.pk], accept=True, reason="delivery", **deciding)
    page = mona.get(f"/review/{other.pk}/")
    assert 'value="delivery"' not in page.content.decode()
    assert "Delivery problems" in mona.get("/review/?show=decided").content.decode()
    # Whoever has the page open from before is told, and what they wrote stays.
    refused = mona.post(
        f"/review/{other.pk}/", {"decision": "accept", "reason": "delivery", "note": "Twice late"}
    )
    assert "This reason is not in use any more. Choose another." in refused.content.decode()
    assert 'value="Twice late"' in refused.content.decode()
    refused = mona.post(
        reverse("segmentation:decide_many"),
        {"decision": "accept", "reason": "delivery", "change": other.pk},
    )
    assert "This reason is not in use any more. Choose another." in refused.content.decode()
    other.refresh_from_db()
    assert other.state == "proposed"


def test_other_always_fits(cast: Cast) -> None:
    other = Reason.objects.get(pk=Known.OTHER)
    with pytest.raises(ReasonRefused, match="stays in use"):
        reasons.use_reason(reason=other, active=False)
    with pytest.raises(ReasonRefused, match="stays offered") as refused:
        reasons.edit_reason(reason=other, name="Something else", offered="rose")
    assert refused.value.field == "offered"
    reasons.edit_reason(reason=other, name="Something else", offered="both")
    with pytest.raises(ReasonMissing, match="“Something else” needs a few words"):
        reasons.check("other", " ")
    reasons.check("other", "They merged.")


@pytest.mark.parametrize(
    ("to", "place"),
    [(1, 0), (3, 2), (11, 10), (99, 10), (0, 0)],
    ids=["first", "third", "last", "beyond", "zero"],
)
def test_moving_leaves_no_gap(to: int, place: int) -> None:
    reasons.move_reason(reason=Reason.objects.get(pk="payment"), to=to)
    assert codes().index("payment") == place
    assert list(Reason.objects.order_by("position").values_list("position", flat=True)) == list(range(1, 12))


def test_a_shipped_name_is_said_in_the_readers_language_until_it_is_renamed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said = {"Delivery problems": "Szállítási gondok"}
    monkeypatch.setattr("segmentation.reason_models.gettext", lambda words: said.get(words, words))
    with translation.override("hu"):
        reason = Reason.objects.get(pk="delivery")
        assert str(reason) == "Szállítási gondok"
        assert reasons.catalogue().name("delivery") == "Szállítási gondok"
        reason.name = "Late"
        assert str(reason) == "Late"


# The pages ----------------------------------------------------------------------------------------------------------
def test_the_list_says_how_often_each_was_given(
    ada: Client, change: TierChange, deciding: dict[str, Any]
) -> None:
    review.accept_change(change=change, reason="delivery", **deciding)
    page = ada.get(LIST)
    assert [(row["reason"].code, row["given"]) for row in page.context["rows"]][:3] == [
        ("competitor_prices", 0),
        ("delivery", 1),
        ("personality", 0),
    ]
    assert "given 1 time" in page.content.decode() and "never given" in page.content.decode()
    review.undo_decision(change=change, **deciding)
    assert not any(row["given"] for row in ada.get(LIST).context["rows"])


def test_adding_and_renaming_by_the_form(ada: Client) -> None:
    page = ada.post("/review/reasons/new/", {"name": "Moved abroad", "offered": "fell"}, follow=True)
    assert page.redirect_chain == [("/review/reasons/moved_abroad/", 302)]
    assert "Added: Moved abroad. It can be given from now on." in page.content.decode()
    page = ada.post(
        "/review/reasons/moved_abroad/", {"name": "Left the country", "offered": "both"}, follow=True
    )
    assert "Saved: Left the country." in page.content.decode()
    assert Reason.objects.get(pk="moved_abroad").offered == "both"


def test_bad_input_is_told_beside_the_field_and_kept(ada: Client) -> None:
    for url in ("/review/reasons/new/", "/review/reasons/payment/"):
        page = ada.post(url, {"name": "Won Share", "offered": "rose"})
        assert page.status_code == 422
        assert page.context["form"].errors == {"name": ["There is “Won share” already."]}
        assert 'value="Won Share"' in page.content.decode()
    page = ada.post("/review/reasons/new/", {"name": ""})
    assert page.context["form"].errors == {"name": ["Give it a name, in a few words."]}
    page = ada.post("/review/reasons/new/", {"name": "Moved"})
    assert page.context["form"].errors == {"offered": ["Choose for which changes it is offered."]}
    assert ada.get("/review/reasons/none_such/").status_code == 404


def test_moving_and_taking_it_back(ada: Client) -> None:
    page = ada.post("/review/reasons/payment/move/1/", follow=True)
    assert codes()[0] == "payment" and "Moved to place 1: Payment trouble." in page.content.decode()
    assert page.redirect_chain == [("/review/reasons/?moved=payment&by=up", 302)]
    undo = "/review/reasons/payment/move/7/?undo"
    assert undo in page.content.decode()
    page = ada.post(undo, follow=True)
    assert codes() == list(Known) and "?undo" not in page.content.decode()


def test_putting_out_of_use_and_taking_it_back(ada: Client) -> None:
    page = ada.post("/review/reasons/payment/use/0/", follow=True).content.decode()
    assert "Out of use: Payment trouble." in page and "/review/reasons/payment/use/1/?undo" in page
    assert not Reason.objects.get(pk="payment").active
    ada.post("/review/reasons/payment/use/1/?undo")
    assert Reason.objects.get(pk="payment").active
    page = ada.post("/review/reasons/other/use/0/", follow=True).content.decode()
    assert "stays in use" in page and Reason.objects.get(pk="other").active


def test_the_further_reasons_are_at_hand_without_a_key(mona: Client, change: TierChange) -> None:
    page = mona.get(f"/review/{change.pk}/")
    form = page.context["form"]
    assert [one.code for one in form.further] == ["growing_need", "won_share"]
    assert "More reasons" in page.content.decode()
    mona.post(f"/review/{change.pk}/", {"decision": "reject", "reason": "growing_need"})
    change.refresh_from_db()
    assert (change.state, change.reason) == ("rejected", "growing_need")
