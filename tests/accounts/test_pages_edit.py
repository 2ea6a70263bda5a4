"""Editing accounts and persons: what is allowed, what is said, what is kept, and undo."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.utils import timezone

from accounts import editing
from accounts.conflicts import merge
from accounts.models import Account, Acquaintance, ContactPerson
from tests.support.cast import Cast
from tests.support.factories import ContactPersonFactory, UserFactory

TOLD: list[dict[str, Any]] = []


def planning_stub(**told: Any) -> None:
    """Stands for contact planning in settings.ACCOUNT_CHANGED."""
    TOLD.append(told)


@pytest.fixture(autouse=True)
def told(settings) -> list[dict[str, Any]]:
    """What contact planning was told."""
    TOLD.clear()
    settings.ACCOUNT_CHANGED = (f"{__name__}.planning_stub",)
    return TOLD


def opened(client: Client, url: str) -> dict[str, Any]:
    """What the form at `url` would send unchanged."""
    response = client.get(url)
    assert response.status_code == 200
    form = response.context["form"]
    data = {"version": str(response.context["version"])}
    for name in form.fields:
        value = form[name].value()
        if isinstance(value, bool):
            data |= {name: "on"} if value else {}
        else:
            data[name] = "" if value is None else str(value)
    return data


def save(client: Client, url: str, data: dict[str, Any], **changes: Any):
    return client.post(url, {**data, **changes})


def said(response) -> str:
    return " ".join(str(message) for message in get_messages(response.wsgi_request))


def undo_url(response) -> str:
    tags = " ".join(message.extra_tags for message in get_messages(response.wsgi_request))
    return re.search(r"undo:(\S+)", tags).group(1)


def edit_url(account: Account) -> str:
    return f"/accounts/{account.pk}/edit/"


# Who may -------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("name", "status"),
    [("rita", 200), ("mona", 200), ("ada", 200), ("carl", 404), ("nora", 404), ("serge", 404)],
)
def test_who_may_edit(as_user, cast: Cast, name: str, status: int) -> None:
    person = ContactPersonFactory(account=cast.acme)
    client = as_user(name)
    for url in (
        edit_url(cast.acme),
        f"/accounts/{cast.acme.pk}/persons/new/",
        f"/accounts/{cast.acme.pk}/persons/{person.pk}/",
    ):
        assert client.get(url).status_code == status
        if status == 404:
            assert client.post(url, {"name": "Taken over"}).status_code == 404
    if status == 404:
        for url in ("archive/", "undo/1/", f"persons/{person.pk}/undo/1/"):
            assert client.post(f"/accounts/{cast.acme.pk}/{url}").status_code == 404
    cast.acme.refresh_from_db()
    assert cast.acme.name == "Zakłady Acme S.A."


def test_a_service_agent_edits_what_they_own(as_user, cast: Cast) -> None:
    Account.objects.filter(pk=cast.orphan.pk).update(owner=cast.serge)
    client = as_user("serge")
    data = opened(client, edit_url(cast.orphan))
    assert "owner" not in data
    assert save(client, edit_url(cast.orphan), data, city="Sopot").status_code == 302


def test_a_person_is_edited_under_the_own_account_only(as_user, cast: Cast) -> None:
    person = ContactPersonFactory(account=cast.brewery)
    assert as_user("rita").get(f"/accounts/{cast.acme.pk}/persons/{person.pk}/").status_code == 404
    assert as_user("ada").get(f"/accounts/{cast.acme.pk}/persons/{person.pk}/").status_code == 404


# Saving --------------------------------------------------------------------------------------------------------------
def test_an_edit_is_saved_with_history_and_its_author(as_user, cast: Cast) -> None:
    client = as_user("rita")
    Account.objects.filter(pk=cast.acme.pk).update(tier="A", sales_12m_cents=5)
    data = opened(client, edit_url(cast.acme))
    response = save(
        client, edit_url(cast.acme), data, city="Łódź", phone="+48 42 600 10 20", potential="1234.50"
    )
    assert response.status_code == 302
    acme = Account.objects.get(pk=cast.acme.pk)
    assert (acme.city, acme.potential_cents) == ("Łódź", 123_450)
    assert Account.objects.search("lodz 42 600 10 20").get() == acme  # the search key follows
    assert (acme.tier, acme.sales_12m_cents) == ("A", 5)  # facts are not a form's business
    newest = acme.history.latest("history_id")
    assert newest.history_user == cast.rita
    page = client.get(f"/accounts/{acme.pk}/history/").content.decode()
    assert "Kraków" in page
    assert "Łódź" in page
    assert "1,235 €" in page
    assert "Rita Example" in page


def test_an_edit_that_changes_nothing_writes_nothing(as_user, cast: Cast) -> None:
    client = as_user("rita")
    before = cast.acme.history.count()
    response = save(client, edit_url(cast.acme), opened(client, edit_url(cast.acme)))
    assert "nothing was different" in said(response)
    assert cast.acme.history.count() == before


def test_a_fact_written_meanwhile_by_a_job_stays(as_user, cast: Cast) -> None:
    stale = Account.objects.get(pk=cast.acme.pk)
    Account.objects.filter(pk=cast.acme.pk).update(tier="B", sales_12m_cents=77)
    now = timezone.now()
    editing.change_account(
        account=stale,
        values={"city": "Gdynia"},
        seen=editing.version_of(stale),
        actor=cast.rita,
        today=now.date(),
        now=now,
    )
    acme = Account.objects.get(pk=cast.acme.pk)
    assert (acme.city, acme.tier, acme.sales_12m_cents) == ("Gdynia", "B", 77)


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("name", "", "needs a name"),
        ("phone", "call me", "in digits"),
        ("phone", "123", "in digits"),
        ("email", "nonsense", "valid email"),
        ("tax_number", "701-00-12-34", "has 10 digits; this one has 9"),
        ("potential", "-1", "greater than or equal to 0"),
        ("potential", "much", "Enter a number"),
        ("parent_code", "NOBODY", "No account you can see has the number NOBODY"),
        ("parent_code", "QUARRY", "No account you can see has the number QUARRY"),
        ("parent_code", "ACME", "cannot be a site of itself"),
    ],
)
def test_messages_say_what_would_be_right(as_user, cast: Cast, field: str, value: str, words: str) -> None:
    client = as_user("rita")
    data = opened(client, edit_url(cast.acme))
    response = save(client, edit_url(cast.acme), data, city="Sopot", **{field: value})
    page = response.content.decode()
    assert response.status_code == 200
    assert words in page.replace("&#x27;", "'")
    assert 'value="Sopot"' in page  # what was typed is not lost
    cast.acme.refresh_from_db()
    assert cast.acme.city == "Kraków"


def test_a_site_of_an_own_site_is_refused(as_user, cast: Cast) -> None:
    Account.objects.filter(pk=cast.brewery.pk).update(parent=cast.acme)
    client = as_user("mona")
    data = opened(client, edit_url(cast.acme))
    page = save(client, edit_url(cast.acme), data, parent_code="BREW").content.decode()
    assert "cannot be a site of itself" in page


def test_a_parent_nobody_showed_is_kept(as_user, cast: Cast) -> None:
    Account.objects.filter(pk=cast.acme.pk).update(parent=cast.quarry)
    client = as_user("rita")
    data = opened(client, edit_url(cast.acme))
    assert "parent_code" not in data
    save(client, edit_url(cast.acme), data, city="Sopot", parent_code="")
    cast.acme.refresh_from_db()
    assert (cast.acme.city, cast.acme.parent) == ("Sopot", cast.quarry)


# The owner -----------------------------------------------------------------------------------------------------------
def test_a_rep_hands_nothing_over(as_user, cast: Cast) -> None:
    client = as_user("rita")
    data = opened(client, edit_url(cast.acme))
    assert "owner" not in data
    save(client, edit_url(cast.acme), data, owner=str(cast.carl.pk), city="Sopot")
    cast.acme.refresh_from_db()
    assert (cast.acme.owner, cast.acme.city) == (cast.rita, "Sopot")


def test_a_manager_hands_over_within_the_teams_led(
    as_user, cast: Cast, told: list, django_capture_on_commit_callbacks
) -> None:
    client = as_user("mona")
    data = opened(client, edit_url(cast.acme))
    assert save(client, edit_url(cast.acme), data, owner=str(cast.otto.pk)).status_code == 200
    cast.acme.refresh_from_db()
    assert cast.acme.owner == cast.rita
    with django_capture_on_commit_callbacks(execute=True):
        assert save(client, edit_url(cast.acme), data, owner=str(cast.carl.pk)).status_code == 302
    cast.acme.refresh_from_db()
    assert cast.acme.owner == cast.carl
    assert [each["account_ids"] for each in told] == [[cast.acme.pk]]
    assert set(told[0]) == {"account_ids", "today", "now"}


def test_an_admin_hands_over_to_anybody_but_who_is_gone(as_user, cast: Cast) -> None:
    gone = UserFactory(is_active=False)
    client = as_user("ada")
    data = opened(client, edit_url(cast.acme))
    assert save(client, edit_url(cast.acme), data, owner=str(gone.pk)).status_code == 200
    assert save(client, edit_url(cast.acme), data, owner=str(cast.otto.pk)).status_code == 302
    cast.acme.refresh_from_db()
    assert cast.acme.owner == cast.otto


def test_planning_is_told_only_of_what_it_reads(
    as_user, cast: Cast, told: list, django_capture_on_commit_callbacks
) -> None:
    client = as_user("rita")
    with django_capture_on_commit_callbacks(execute=True):
        save(client, edit_url(cast.acme), opened(client, edit_url(cast.acme)), city="Sopot")
    assert told == []
    with django_capture_on_commit_callbacks(execute=True):
        save(client, edit_url(cast.acme), opened(client, edit_url(cast.acme)), service_level="premium")
    assert len(told) == 1


def test_only_admins_change_the_number(as_user, cast: Cast) -> None:
    assert "code" not in opened(as_user("mona"), edit_url(cast.acme))
    client = as_user("ada")
    data = opened(client, edit_url(cast.acme))
    page = save(client, edit_url(cast.acme), data, code="BREW").content.decode()
    assert "Another account has the number BREW." in page
    assert save(client, edit_url(cast.acme), data, code="ACME-2").status_code == 302


# Two editors ---------------------------------------------------------------------------------------------------------
def test_who_saves_second_is_told_and_loses_nothing(as_user, cast: Cast) -> None:
    rita, mona = as_user("rita"), as_user("mona")
    hers, theirs = opened(rita, edit_url(cast.acme)), opened(mona, edit_url(cast.acme))
    assert save(mona, edit_url(cast.acme), theirs, city="Sopot", phone="+48 11 111 11 11").status_code == 302
    met = save(rita, edit_url(cast.acme), hers, phone="+48 22 222 22 22", notes="Call on Mondays")
    page = met.content.decode()
    assert met.status_code == 200
    assert "Mona Example saved while you were writing" in page
    assert "Kraków → Sopot" in page
    assert "theirs is “+48 11 111 11 11”, yours is “+48 22 222 22 22”" in page
    cast.acme.refresh_from_db()
    assert cast.acme.phone == "+48 11 111 11 11"  # nothing is saved yet
    # The form now holds both: her own entries, and Mona's where Rita had changed nothing.
    form = met.context["form"]
    assert form["city"].value() == "Sopot"
    assert form["notes"].value() == "Call on Mondays"
    assert form["phone"].value() == "+48 22 222 22 22"
    again = hers | {"version": str(met.context["version"])}
    again |= {name: form[name].value() or "" for name in ("city", "notes", "phone")}
    assert rita.post(edit_url(cast.acme), again).status_code == 302
    cast.acme.refresh_from_db()
    assert (cast.acme.city, cast.acme.phone, cast.acme.notes) == (
        "Sopot",
        "+48 22 222 22 22",
        "Call on Mondays",
    )


def test_a_third_save_is_told_again(as_user, cast: Cast) -> None:
    rita, mona = as_user("rita"), as_user("mona")
    data = opened(rita, edit_url(cast.acme))
    save(mona, edit_url(cast.acme), opened(mona, edit_url(cast.acme)), city="Sopot")
    met = save(rita, edit_url(cast.acme), data, notes="mine")
    save(mona, edit_url(cast.acme), opened(mona, edit_url(cast.acme)), city="Gdynia")
    again = save(rita, edit_url(cast.acme), data, notes="mine", version=str(met.context["version"]))
    assert again.status_code == 200
    assert "Sopot → Gdynia" in again.content.decode()


def test_an_account_without_history_can_be_edited_by_two(as_user, cast: Cast) -> None:
    Account.history.all().delete()  # as an import may leave it
    rita, mona = as_user("rita"), as_user("mona")
    hers, theirs = opened(rita, edit_url(cast.acme)), opened(mona, edit_url(cast.acme))
    save(mona, edit_url(cast.acme), theirs, city="Sopot")
    met = save(rita, edit_url(cast.acme), hers, notes="mine")
    assert "Kraków → Sopot" in met.content.decode()
    assert met.context["form"]["city"].value() == "Sopot"


def test_a_version_that_was_tampered_with_is_a_conflict(as_user, cast: Cast) -> None:
    client = as_user("rita")
    data = opened(client, edit_url(cast.acme))
    for version in ("", "x", "-1", "999999999999"):
        assert save(client, edit_url(cast.acme), data, city="Sopot", version=version).status_code == 200
    cast.acme.refresh_from_db()
    assert cast.acme.city == "Kraków"


def test_merging() -> None:
    met = merge(
        mine={"a": 1, "b": 2, "c": 9, "d": 5},
        base={"a": 1, "b": 1, "c": 1, "d": 1},
        theirs={"a": 7, "b": 1, "c": 8, "d": 5},
    )
    assert met.values == {"a": 7, "b": 2, "c": 9, "d": 5}
    assert met.both == ("c",)  # d: both wrote the same


# Undo ----------------------------------------------------------------------------------------------------------------
def test_undo_brings_back_what_was(as_user, cast: Cast, today: dt.date) -> None:
    client = as_user("rita")
    data = opened(client, edit_url(cast.acme))
    saved = save(client, edit_url(cast.acme), data, city="Sopot", notes="new", seasonal="on")
    back = client.post(undo_url(saved), {"next": f"/accounts/{cast.acme.pk}/history/"})
    assert back["Location"] == f"/accounts/{cast.acme.pk}/history/"
    cast.acme.refresh_from_db()
    assert (cast.acme.city, cast.acme.notes, cast.acme.seasonal) == ("Kraków", "", False)
    assert cast.acme.history.count() == 3  # made, edited, taken back: nothing is wiped out


def test_undo_leaves_a_later_edit_alone(as_user, cast: Cast) -> None:
    client = as_user("rita")
    first = save(client, edit_url(cast.acme), opened(client, edit_url(cast.acme)), city="Sopot")
    url = undo_url(first)
    save(as_user("mona"), edit_url(cast.acme), opened(as_user("mona"), edit_url(cast.acme)), city="Hel")
    response = client.post(url, {"next": "https://evil.example/"})
    assert response["Location"] == f"/accounts/{cast.acme.pk}/"
    assert "Not taken back" in said(response)
    cast.acme.refresh_from_db()
    assert cast.acme.city == "Hel"


def test_undo_of_the_first_edit_of_an_account_without_history(as_user, cast: Cast) -> None:
    Account.history.all().delete()
    client = as_user("rita")
    saved = save(client, edit_url(cast.acme), opened(client, edit_url(cast.acme)), city="Sopot")
    client.post(undo_url(saved))
    cast.acme.refresh_from_db()
    assert cast.acme.city == "Kraków"


def test_archive_restore_and_undo(as_user, cast: Cast) -> None:
    client = as_user("rita")
    url = f"/accounts/{cast.acme.pk}/archive/"
    assert client.get(url).status_code == 405
    archived = client.post(url)
    cast.acme.refresh_from_db()
    assert cast.acme.archived_at is not None
    assert "Archived" in client.get(f"/accounts/{cast.acme.pk}/").content.decode()
    client.post(undo_url(archived))
    cast.acme.refresh_from_db()
    assert cast.acme.archived_at is None
    client.post(url)
    client.post(url, {"restore": "1"})
    cast.acme.refresh_from_db()
    assert cast.acme.archived_at is None


# New accounts --------------------------------------------------------------------------------------------------------
def test_a_reps_new_account_is_the_reps(as_user, cast: Cast) -> None:
    client = as_user("rita")
    data = opened(client, "/accounts/new/")
    response = client.post("/accounts/new/", data | {"name": "Nowa Huta Sp. z o.o.", "code": "NOWA"})
    made = Account.objects.get(code="NOWA")
    assert response["Location"] == f"/accounts/{made.pk}/"
    assert (made.owner, made.phase, made.history.get().history_user) == (cast.rita, "prospect", cast.rita)
    again = client.post("/accounts/new/", data | {"name": "Twice", "code": "NOWA"})
    assert "Another account has the number NOWA." in again.content.decode()


def test_a_manager_says_whose_it_is(as_user, cast: Cast) -> None:
    client = as_user("mona")
    data = opened(client, "/accounts/new/") | {"name": "Nowa", "code": "N1", "owner": str(cast.carl.pk)}
    client.post("/accounts/new/", data)
    assert Account.objects.get(code="N1").owner == cast.carl
    client.post("/accounts/new/", data | {"code": "N2", "owner": ""})
    assert Account.objects.get(code="N2").owner is None


def test_a_service_agent_adds_no_account(as_user) -> None:
    client = as_user("serge")
    assert client.get("/accounts/new/").status_code == 404
    assert client.post("/accounts/new/", {"name": "x", "code": "x"}).status_code == 404


# Persons -------------------------------------------------------------------------------------------------------------
def person_url(person: ContactPerson) -> str:
    return f"/accounts/{person.account_id}/persons/{person.pk}/"


def test_a_new_person(as_user, cast: Cast, today: dt.date) -> None:
    client = as_user("rita")
    url = f"/accounts/{cast.acme.pk}/persons/new/"
    data = opened(client, url)
    assert "left_on" not in data
    data |= {"name": "Bogdan Malinowski", "phone": "+48 600 100 202", "known": "3", "is_main": "on"}
    assert client.post(url, data | {"consents_to_mail": "on"}).status_code == 302
    person = cast.acme.persons.get()
    assert person.is_main
    assert person.consent_recorded_on == today  # a new consent without a day was given today
    assert person.acquaintances.get().user == cast.rita
    assert Account.objects.search("600 100 202").get() == cast.acme


def test_a_person_who_leaves_makes_room(as_user, cast: Cast, today: dt.date) -> None:
    client = as_user("rita")
    person = ContactPersonFactory(account=cast.acme, is_main=True)
    data = opened(client, person_url(person))
    refused = save(client, person_url(person), data, left_on=today.isoformat())
    assert "cannot be the first to contact" in refused.content.decode()
    future = save(client, person_url(person), data, left_on=(today + dt.timedelta(days=1)).isoformat())
    assert "lies in the future" in future.content.decode()
    data.pop("is_main")
    assert save(client, person_url(person), data, left_on=today.isoformat()).status_code == 302
    person.refresh_from_db()
    assert (person.is_main, person.left_on) == (False, today)


def test_making_somebody_the_first_to_contact_and_taking_it_back(as_user, cast: Cast) -> None:
    client = as_user("rita")
    first = ContactPersonFactory(account=cast.acme, name="Iwona", is_main=True)
    other = ContactPersonFactory(account=cast.brewery, is_main=True)
    second = ContactPersonFactory(account=cast.acme, name="Bogdan")
    saved = save(client, person_url(second), opened(client, person_url(second)), is_main="on")
    assert saved.status_code == 302
    assert cast.acme.persons.get(is_main=True) == second
    assert first.history.latest("history_id").history_user == cast.rita
    client.post(undo_url(saved))
    assert cast.acme.persons.get(is_main=True) == first
    other.refresh_from_db()
    assert other.is_main


def test_undo_of_a_person_says_when_it_is_too_late(as_user, cast: Cast) -> None:
    client = as_user("rita")
    person = ContactPersonFactory(account=cast.acme)
    saved = save(client, person_url(person), opened(client, person_url(person)), position="Buyer")
    url = undo_url(saved)
    save(client, person_url(person), opened(client, person_url(person)), position="Head of buying")
    assert "Not taken back" in said(client.post(url))
    person.refresh_from_db()
    assert person.position == "Head of buying"


def test_two_editors_of_one_person(as_user, cast: Cast) -> None:
    person = ContactPersonFactory(account=cast.acme, position="Buyer")
    rita, mona = as_user("rita"), as_user("mona")
    hers, theirs = opened(rita, person_url(person)), opened(mona, person_url(person))
    save(mona, person_url(person), theirs, position="Head of buying")
    met = save(rita, person_url(person), hers, phone="+48 600 100 203", known="2")
    assert "Buyer → Head of buying" in met.content.decode()
    form = met.context["form"]
    assert (form["position"].value(), form["phone"].value()) == ("Head of buying", "+48 600 100 203")
    assert form["known"].value() == 2
    assert not Acquaintance.objects.exists()


def test_how_well_one_knows_somebody_is_ones_own(as_user, cast: Cast) -> None:
    person = ContactPersonFactory(account=cast.acme)
    Acquaintance.objects.create(person=person, user=cast.mona, strength=3)
    client = as_user("rita")
    data = opened(client, person_url(person))
    assert data["known"] == ""
    save(client, person_url(person), data, known="1")
    assert opened(client, person_url(person))["known"] == "1"
    save(client, person_url(person), data, known="")
    assert [each.user for each in person.acquaintances.all()] == [cast.mona]


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("name", "", "needs a name"),
        ("name_day", "19-03", "03-19"),
        ("name_day", "02-30", "03-19"),
        ("phone", "abc", "in digits"),
        ("birthday", "2030-01-01", "lies in the future"),
    ],
)
def test_a_persons_messages(as_user, cast: Cast, field: str, value: str, words: str) -> None:
    person = ContactPersonFactory(account=cast.acme)
    client = as_user("rita")
    response = save(client, person_url(person), opened(client, person_url(person)), **{field: value})
    assert response.status_code == 200
    assert words in response.content.decode()


# History -------------------------------------------------------------------------------------------------------------
def test_the_history_names_no_account_the_reader_may_not_see(as_user, cast: Cast) -> None:
    client = as_user("ada")
    save(client, edit_url(cast.acme), opened(client, edit_url(cast.acme)), parent_code="QUARRY")
    assert "Kamieniołom" in as_user("ada").get(f"/accounts/{cast.acme.pk}/history/").content.decode()
    hers = as_user("rita").get(f"/accounts/{cast.acme.pk}/history/").content.decode()
    assert "Kamieniołom" not in hers
    assert "another account" in hers


def test_the_history_holds_persons_too(as_user, cast: Cast) -> None:
    client = as_user("rita")
    person = ContactPersonFactory(account=cast.acme, name="Bogdan", buying_role="uses")
    save(client, person_url(person), opened(client, person_url(person)), buying_role="decides", is_main="on")
    page = client.get(f"/accounts/{cast.acme.pk}/history/").content.decode()
    assert "Bogdan: added" in page
    assert "Role in buying" in page
    assert "Decision maker" in page
    assert "First to contact" in page
