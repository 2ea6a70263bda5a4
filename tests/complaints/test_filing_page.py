"""Filing a complaint as a page: who is found, what is needed, what stays when something is missing; letters, files."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import PurchaseLine
from complaints.filing import SIMILAR_DAYS, suspected_duplicates
from complaints.filing_form import read_cents
from complaints.models import Attachment, Complaint, ComplaintCategory
from contacts.models import AgendaItem
from crm.team.models import User
from tests.complaints.test_attachments import png
from tests.support.cast import Cast
from tests.support.factories import (
    ComplaintFactory,
    ContactPersonFactory,
    ProductFactory,
    PurchaseFactory,
)

NOW = dt.datetime(2026, 10, 13, 8, 0, tzinfo=dt.UTC)
TODAY = dt.date(2026, 10, 13)
URL = "/complaints/file/"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def stage(time_machine: Any, tmp_path: Path, settings: Any) -> None:
    time_machine.move_to(NOW, tick=False)
    settings.ATTACHMENTS_ROOT = tmp_path


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def fields(cast: Cast, **given: Any) -> dict[str, Any]:
    start = {
        "uuid": str(uuid.uuid4()),
        "account": cast.acme.pk,
        "category": "quality",
        "words": "It leaks.",
        "file": "1",
    }
    return {name: value for name, value in (start | given).items() if value is not None}


def post(user: User, given: dict[str, Any], **headers: str) -> Any:
    return client_of(user).post(URL, given, headers=headers)


def errors(answer: Any) -> dict[str, list[str]]:
    assert answer.status_code == 422
    return {name: list(words) for name, words in answer.context["form"].errors.items()}


def held(answer: Any) -> list[str]:
    return [token for _one, token in answer.context["held"]]


# Filing ---------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["rita", "mona", "serge", "ada"])
def test_whoever_sees_the_account_files_with_three_fields(cast: Cast, name: str) -> None:
    user = cast.users[name]
    given = fields(cast)
    for _twice in range(2):
        answer = post(user, given)
        complaint = Complaint.objects.get()
        assert answer.status_code == 302 and answer["Location"] == reverse(
            "complaint:page", args=[complaint.pk]
        )
    assert (complaint.account, complaint.category_id, complaint.words) == (cast.acme, "quality", "It leaks.")
    assert (complaint.taken_by, complaint.assignee, complaint.opened_at) == (user, cast.rita, NOW)
    assert AgendaItem.objects.get().source == f"complaint:{complaint.pk}"


def test_an_account_of_another_team_is_404_everywhere(cast: Cast) -> None:
    client = client_of(cast.otto)
    for url in (
        URL,
        reverse("filing:purchases", args=[cast.acme.pk]),
        reverse("filing:similar", args=[cast.acme.pk]),
    ):
        assert client.get(url, {"account": cast.acme.pk}).status_code == 404
    for act in ({"file": "1"}, {"account": None, "choose": cast.acme.pk}, {"read": "1", "letter_text": "x"}):
        assert client.post(URL, fields(cast, **({"file": None} | act))).status_code == 404
    assert not Complaint.objects.exists()


@pytest.mark.parametrize("given", ["x", "-1", "99999999999999999999", "²"])
def test_an_account_that_is_no_number(cast: Cast, given: str) -> None:
    assert client_of(cast.ada).get(URL, {"account": given}).status_code == 404
    assert client_of(cast.ada).post(URL, {"choose": given}).status_code == 404


def test_everything_that_can_be_said(cast: Cast) -> None:
    purchase = PurchaseFactory(account=cast.acme, number="FV/7")
    pump, seal = ProductFactory(code="CP-140"), ProductFactory(code="S-1", name="Seal")
    lines = [
        PurchaseLine.objects.create(purchase=purchase, position=place, product=product, amount=1)
        for place, product in enumerate((pump, seal), 1)
    ]
    person = ContactPersonFactory(account=cast.acme)
    post(
        cast.serge,
        fields(
            cast,
            subject="Pumps leak",
            wanted="A new seal",
            channel="email",
            person=person.pk,
            purchase=purchase.pk,
            lines=[lines[1].pk],
            batch=" 2026-09 ",
            claim="1.234,5 €",
            suspected_bad_faith="on",
            assignee=cast.mona.pk,
        ),
    )
    found = Complaint.objects.get()
    assert (found.subject, found.wanted, found.channel, found.batch) == (
        "Pumps leak",
        "A new seal",
        "email",
        "2026-09",
    )
    assert (found.person, found.purchase, list(found.lines.all())) == (person, purchase, [lines[1]])
    assert (found.product, found.claim_cents, found.suspected_bad_faith) == (seal, 123_450, True)
    assert found.assignee == cast.mona


def test_a_question_has_a_time_to_answer_by_in_the_users_zone(cast: Cast) -> None:
    given = fields(
        cast, category="question", claim="12", suspected_bad_faith="on", answer_by="2026-10-14T12:00"
    )
    assert errors(post(cast.rita, given)) == {"subject": ["Write what the question is about."]}
    post(cast.rita, given | {"subject": "When?"})
    found = Complaint.objects.get()
    assert found.kind == "question" and found.answer_by == dt.datetime(2026, 10, 14, 10, tzinfo=dt.UTC)
    assert (found.claim_cents, found.suspected_bad_faith) == (None, False)  # hidden by then


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"category": None}, "category"),
        ({"category": "gone"}, "category"),
        ({"words": "  "}, "words"),
        ({"words": "x" * 20_001}, "words"),
        ({"claim": "much"}, "claim"),
        ({"claim": "-5"}, "claim"),
        ({"claim": "9" * 30}, "claim"),
        ({"purchase": "999999"}, "purchase"),
        ({"purchase": "x"}, "purchase"),
        ({"person": "999999"}, "person"),
        ({"product": "nothing"}, "product"),
        ({"assignee": "otto"}, "assignee"),
        ({"category": "question", "subject": "x", "answer_by": "2026-10-13T09:00"}, "answer_by"),
        ({"category": "question", "subject": "x", "answer_by": "soon"}, "answer_by"),
        ({"channel": "pigeon"}, "channel"),
        ({"uuid": "x"}, "uuid"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field_and_what_was_typed_stays(
    cast: Cast, given: dict[str, Any], field: str
) -> None:
    if given.get("assignee"):
        given = {"assignee": cast.otto.pk}
    answer = post(cast.rita, fields(cast, wanted="A new seal", batch="B-17", **given))
    assert list(errors(answer)) == [field]
    page = answer.content.decode()
    assert "A new seal" in page and 'value="B-17"' in page
    assert not Complaint.objects.exists()


def test_without_an_account_everything_typed_stays_until_one_is_chosen(cast: Cast) -> None:
    given = fields(cast, account=None, claim="17,50")
    answer = post(cast.rita, given)
    assert "Choose the account first" in str(errors(answer)["__all__"])
    chosen = post(cast.rita, {**given, "file": "", "choose": cast.acme.pk})
    del given["file"]
    chosen = post(cast.rita, {**given, "choose": cast.acme.pk})
    assert chosen.status_code == 200 and chosen.context["account"] == cast.acme
    form = chosen.context["form"]
    assert (form["words"].value(), form["claim"].value(), form["uuid"].value()) == (
        "It leaks.",
        "17,50",
        given["uuid"],
    )
    assert 'value="quality" data-kind="complaint" aria-keyshortcuts="2" checked' in chosen.content.decode()
    assert not Complaint.objects.exists()


@pytest.mark.parametrize(
    ("text", "cents"),
    [
        ("", None), ("  ", None), ("0", 0), ("12", 1200), ("12,5", 1250), ("12.50", 1250), ("1234,56", 123_456),
        ("1.234,56", 123_456), ("1,234.56", 123_456), ("1 234,56", 123_456), ("1\u00a0234.5", 123_450),
        ("1'234", 123_400), ("1.234", 123_400), ("1,234", 123_400), ("1.234.567", 123_456_700), ("€ 12", 1200),
        ("12 EUR", 1200), ("12,-", 1200), ("−5", -500), ("-5,00", -500), ("0,05", 5), (".5", 50),
    ],
)  # fmt: skip
def test_amounts_as_people_write_them(text: str, cents: int | None) -> None:
    assert read_cents(text) == cents


@pytest.mark.parametrize(
    "text", ["x", "12 apples", "1.23.4", "12,34,5", "1,2345", "1.2345", "--5", "€", "1e5", "٣x", "12..5"]
)
def test_what_is_no_amount(text: str) -> None:
    with pytest.raises(ValueError):
        read_cents(text)


# The account ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("words", ["acme", "zaklady", "6000 100 299", "5250000001", "FV/2026/77"])
def test_found_by_name_phone_tax_number_or_purchase(cast: Cast, words: str) -> None:
    cast.acme.phone, cast.acme.tax_number = "+48 600 010 029 9", "525-000-00-01"
    cast.acme.save()
    PurchaseFactory(account=cast.acme, number="FV/2026/77")
    words = "6000100299" if words.startswith("6000") else words
    found = client_of(cast.rita).get(reverse("filing:accounts"), {"find": words})
    assert cast.acme.name in found.content.decode()
    assert (
        cast.acme.name
        not in client_of(cast.otto).get(reverse("filing:accounts"), {"find": words}).content.decode()
    )
    given = fields(cast, account=None, file=None, look="1", find=words)
    assert post(cast.rita, given).context["account"] == cast.acme  # the only one is chosen at once


def test_who_types_the_number_of_a_complaint_is_led_to_it(cast: Cast) -> None:
    complaint = ComplaintFactory(account=cast.acme, number="R-2026-00175")
    where = f'href="{reverse("complaint:page", args=[complaint.pk])}"'
    given = {"find": "r-2026-00175"}
    found = client_of(cast.rita).get(reverse("filing:accounts"), given).content.decode()
    assert where in found and "is filed already" in found and "Nothing you may see" not in found
    assert where in post(cast.rita, given | {"look": "1"}).content.decode()
    hidden = client_of(cast.otto).get(reverse("filing:accounts"), given).content.decode()
    assert where not in hidden and "Nothing you may see" in hidden


def test_a_purchase_or_person_searched_for_is_taken_along(cast: Cast) -> None:
    purchase = PurchaseFactory(account=cast.acme, number="FV/2026/77")
    person = ContactPersonFactory(account=cast.acme, name="Bożena Malinowska")
    form = post(cast.rita, {"choose": cast.acme.pk, "find": "FV/2026/77"}).context["form"]
    assert form["purchase"].value() == purchase.pk
    form = post(cast.rita, {"choose": cast.acme.pk, "find": "malinowska"}).context["form"]
    assert form["person"].value() == person.pk


def test_the_only_person_there_says_so(cast: Cast) -> None:
    person = ContactPersonFactory(account=cast.acme, name="Bożena Malinowska")
    ContactPersonFactory(account=cast.acme, name="Gone", left_on=TODAY)
    form = client_of(cast.rita).get(URL, {"account": cast.acme.pk}).context["form"]
    assert form["person"].value() == person.pk
    form = post(cast.rita, {"choose": cast.acme.pk, "find": cast.acme.name}).context["form"]
    assert form["person"].value() == person.pk
    again = post(cast.rita, fields(cast, file=None, person="")).context["form"]
    assert again["person"].value() == ""  # nobody named was chosen
    ContactPersonFactory(account=cast.acme, name="Jan Drugi")
    form = client_of(cast.rita).get(URL, {"account": cast.acme.pk}).context["form"]
    assert form["person"].value() is None


@pytest.mark.parametrize(
    ("words", "is_caller"),
    [
        ("600 100 201", True),
        ("+48 600-100-201", True),
        ("office@acme.test", True),
        ("b.malinowska@acme.test", False),
        ("acme", False),
        ("525-000-00-01", False),
        ("600 100 20", False),
    ],
)
def test_whose_phone_or_address_was_searched_for_says_so(cast: Cast, words: str, is_caller: bool) -> None:
    """Also where the account has the same."""
    cast.acme.phone, cast.acme.email = "+48 600 100 201", "office@acme.test"
    cast.acme.tax_number = "525-000-00-01"
    cast.acme.save()
    person = ContactPersonFactory(
        account=cast.acme, name="Bożena", phone="600100201", email="Office@acme.test"
    )
    ContactPersonFactory(account=cast.acme, name="Acme Jan", phone="600100202 5250000001", email="")
    form = post(cast.rita, {"choose": cast.acme.pk, "find": words}).context["form"]
    assert form["person"].value() == (person.pk if is_caller else None)


def test_another_account_keeps_the_words_and_drops_what_was_the_firsts(cast: Cast) -> None:
    purchase = PurchaseFactory(account=cast.acme)
    answer = post(cast.ada, fields(cast, file=None, change="1", purchase=purchase.pk))
    form = answer.context["form"]
    assert answer.context["account"] is None and form["words"].value() == "It leaks."
    assert not form["purchase"].value()


def test_for_an_account_from_its_page(cast: Cast) -> None:
    client = client_of(cast.serge)
    link = f"{URL}?account={cast.acme.pk}"
    assert link in client.get(f"/accounts/{cast.acme.pk}/").content.decode()
    page = client.get(link)
    assert page.context["account"] == cast.acme and 'aria-keyshortcuts="c"' in page.content.decode()


def test_purchases_by_number_and_their_lines(cast: Cast) -> None:
    for place in range(9):
        PurchaseFactory(
            account=cast.acme, number=f"FV/{place}", ordered_on=TODAY - dt.timedelta(days=9 - place)
        )
    oldest = cast.acme.purchases.get(number="FV/0")
    PurchaseLine.objects.create(purchase=oldest, position=1, description="Seal", amount=1)
    PurchaseFactory(account=cast.brewery, number="FV/00")
    client = client_of(cast.rita)
    url = reverse("filing:purchases", args=[cast.acme.pk])
    newest = client.get(url).content.decode()
    assert re.findall(r"<b>(FV/\d+)</b>", newest) == ["FV/8", "FV/7", "FV/6", "FV/5", "FV/4"]
    found = client.get(url, {"purchase_find": "/0"}).content.decode()
    assert re.findall(r"<b>(FV/\d+)</b>", found) == ["FV/0"]
    chosen = client.get(url, {"purchase_find": "/8", "purchase": oldest.pk}).content.decode()
    assert re.findall(r"<b>(FV/\d+)</b>", chosen) == ["FV/0", "FV/8"]
    lines = reverse("filing:lines", args=[cast.acme.pk])
    assert "Seal" in client.get(lines, {"purchase": oldest.pk}).content.decode()
    foreign = cast.brewery.purchases.get()
    PurchaseLine.objects.create(purchase=foreign, position=1, description="Secret", amount=1)
    assert "Secret" not in client.get(lines, {"purchase": foreign.pk}).content.decode()
    # An old one that was found and chosen can be filed.
    post(cast.rita, fields(cast, purchase=oldest.pk))
    assert Complaint.objects.get().purchase == oldest


# What may be the same one ---------------------------------------------------------------------------------------------
def test_open_and_young_ones_of_the_account_the_nearest_first(
    cast: Cast, django_assert_num_queries: Any
) -> None:
    purchase = PurchaseFactory(account=cast.acme)

    def one(number: str, **given: Any) -> Complaint:
        values = {"account": cast.acme, "number": number, "category_id": "other"} | given
        return ComplaintFactory(**values)

    long_ago = dt.datetime(2026, 5, 1, 9, tzinfo=dt.UTC)
    edge = timezone.make_aware(dt.datetime.combine(TODAY - dt.timedelta(days=SIMILAR_DAYS), dt.time(9)))
    closed = {"state": "closed", "closed_on": TODAY}
    one("other-young")
    one("same-category", category_id="quality")
    one("same-purchase", purchase=purchase)
    one("both", purchase=purchase, category_id="quality", opened_at=long_ago)
    one("closed-young", opened_at=edge, **closed)
    one("closed-old", opened_at=edge - dt.timedelta(days=1), **closed)
    ComplaintFactory(account=cast.brewery, number="another-account")

    def found(user: User) -> list[str]:
        return [
            each.number
            for each in suspected_duplicates(
                cast.acme, user=user, today=TODAY, category="quality", purchase=purchase.pk, most=9
            )
        ]

    assert found(cast.rita) == ["both", "same-purchase", "same-category", "other-young", "closed-young"]
    assert found(cast.otto) == []
    with django_assert_num_queries(1):
        for each in suspected_duplicates(cast.acme, user=cast.rita, today=TODAY):
            assert str(each.category) and each.purchase is not False
    page = client_of(cast.rita).get(reverse("filing:similar", args=[cast.acme.pk]), {"category": "quality"})
    assert "same-category" in page.content.decode() and "closed-old" not in page.content.decode()


def test_added_to_the_one_there_is_instead(cast: Cast) -> None:
    known = ComplaintFactory(account=cast.acme)
    given = fields(cast, file=None, category=None, add_to=known.pk, wanted="A new seal", channel="email")
    files = SimpleUploadedFile("leak.png", png())
    for _twice in range(2):
        files.seek(0)
        answer = post(cast.serge, given | {"files": files})
        assert answer["Location"] == reverse("complaint:page", args=[known.pk])
    message = known.messages.get()
    assert (message.kind, message.words, message.channel) == ("heard", "It leaks.\n\nA new seal", "email")
    assert known.attachments.get().original_name == "leak.png"
    assert Complaint.objects.count() == 1
    assert list(errors(post(cast.serge, given | {"words": ""}))) == ["words"]
    assert client_of(cast.otto).post(URL, given | {"account": ""}).status_code == 404


# Files ----------------------------------------------------------------------------------------------------------------
def test_files_go_with_it_and_are_not_chosen_twice(cast: Cast) -> None:
    client = client_of(cast.rita)
    given = fields(cast, words="")
    answer = client.post(
        URL, given | {"files": [SimpleUploadedFile("leak.png", png()), SimpleUploadedFile("a.exe", b"MZ")]}
    )
    assert "words" in errors(answer) and "“a.exe” is of a type" in answer.content.decode()
    tokens = held(answer)
    assert len(tokens) == 1 and not Attachment.objects.exists()
    for _twice in range(2):
        client.post(
            URL, given | {"words": "It leaks.", "held": tokens, "files": SimpleUploadedFile("b.txt", b"x")}
        )
    names = [str(row) for row in Complaint.objects.get().attachments.all()]
    assert names == ["leak.png", "b.txt"]


def test_a_bad_file_files_nothing_and_says_so(cast: Cast) -> None:
    answer = post(cast.rita, fields(cast, files=SimpleUploadedFile("page.html", b"<html>")))
    assert answer.status_code == 422 and "page.html" in answer.content.decode()
    assert not Complaint.objects.exists()


def test_files_of_somebody_else_are_not_taken(cast: Cast) -> None:
    tokens = held(post(cast.rita, fields(cast, words="", files=SimpleUploadedFile("b.txt", b"x"))))
    answer = post(cast.serge, fields(cast, held=tokens))
    assert answer.status_code == 422 and "choose it again" in answer.content.decode()
    assert not Attachment.objects.exists()


def test_too_many_files(cast: Cast, settings: Any) -> None:
    settings.ATTACHMENTS_PER_COMPLAINT = 2
    files = [SimpleUploadedFile(f"{n}.txt", b"x%d" % n) for n in range(3)]
    answer = post(cast.rita, fields(cast, files=files))
    assert (
        answer.status_code == 422 and "at most 2 files" in answer.content.decode() and len(held(answer)) == 2
    )


# Letters --------------------------------------------------------------------------------------------------------------
def letter(*, sender: str = "anna@acme.pl", text: str = "FV/7 leaks.") -> EmailMessage:
    message = EmailMessage()
    message["From"], message["Subject"] = f"Anna <{sender}>", "RE: Pumps"
    message["Date"] = "Tue, 13 Oct 2026 09:14:00 +0200"
    message.set_content(text)
    message.add_attachment(png(), maintype="image", subtype="png", filename="leak.png")
    message.add_attachment(b"MZ", maintype="application", subtype="octet-stream", filename="../run.exe")
    return message


def read(user: User, message: EmailMessage | bytes, **given: Any) -> Any:
    data = message if isinstance(message, bytes) else message.as_bytes()
    file = SimpleUploadedFile("letter.eml", data)
    return post(user, {"uuid": str(uuid.uuid4()), "read": "1", "letter_file": file, **given})


def test_a_letter_fills_the_form_and_files_nothing(cast: Cast) -> None:
    person = ContactPersonFactory(account=cast.acme, email="anna@acme.pl")
    purchase = PurchaseFactory(account=cast.acme, number="FV/7")
    answer = read(cast.rita, letter())
    form = answer.context["form"]
    assert answer.status_code == 200 and answer.context["account"] == cast.acme
    assert [form[name].value() for name in ("words", "subject", "channel")] == [
        "FV/7 leaks.",
        "Pumps",
        "email",
    ]
    assert (form["person"].value(), form["purchase"].value()) == (person.pk, purchase.pk)
    page = answer.content.decode()
    assert (
        "1 file taken over" in page
        and "Sent Tue 13 Oct" in page
        and "run.exe” has a name that cannot be kept" in page
    )
    assert not Complaint.objects.exists() and not Attachment.objects.exists()
    post(cast.rita, fields(cast, held=held(answer)))
    assert Complaint.objects.get().attachments.get().original_name == "leak.png"


def test_what_was_typed_before_a_letter_stays(cast: Cast) -> None:
    answer = read(
        cast.rita, letter(), account=cast.acme.pk, words="They rang too.", subject="Mine", category="quality"
    )
    form = answer.context["form"]
    assert form["words"].value() == "They rang too.\n\nFV/7 leaks." and form["subject"].value() == "Mine"
    assert form["category"].value() == "quality"


def test_a_letter_from_somebody_one_may_not_see_finds_nobody(cast: Cast) -> None:
    ContactPersonFactory(account=cast.acme, email="anna@acme.pl")
    PurchaseFactory(account=cast.acme, number="FV/7")
    answer = read(cast.otto, letter())
    page = answer.content.decode()
    assert answer.context["account"] is None and cast.acme.name not in page
    assert "Nobody you may see has this address" in page and "FV/7 leaks." in page


def test_several_accounts_that_know_the_address_are_offered(cast: Cast) -> None:
    for account in (cast.acme, cast.brewery):
        ContactPersonFactory(account=account, email="anna@acme.pl")
    page = read(cast.mona, letter()).content.decode()
    assert (
        f'name="choose" value="{cast.acme.pk}"' in page and f'name="choose" value="{cast.brewery.pk}"' in page
    )


def test_a_pasted_letter(cast: Cast) -> None:
    ContactPersonFactory(account=cast.acme, email="anna@acme.pl")
    text = "From: Anna <anna@acme.pl>\nSubject: Pumps\n\nTwo leak."
    answer = post(cast.rita, {"uuid": str(uuid.uuid4()), "read": "1", "letter_text": text})
    assert answer.context["account"] == cast.acme and answer.context["form"]["words"].value() == "Two leak."


@pytest.mark.parametrize("data", [b"", b"\x00\x01", b"x" * 1_100_000])
def test_letters_that_cannot_be_read_say_why_and_lose_nothing(cast: Cast, settings: Any, data: bytes) -> None:
    settings.LETTER_LIMIT = 1_000_000
    answer = read(cast.rita, data, words="They rang.", letter_text="pasted")
    assert answer.status_code == 422 and answer.context["letter_problem"]
    assert "They rang." in answer.content.decode()


def test_htmx_gets_what_it_can_show(cast: Cast) -> None:
    answer = post(cast.rita, fields(cast, file=None, read="1", letter_text=""), **{"HX-Request": "true"})
    assert answer.status_code == 200 and "Paste the customer" in answer.content.decode()


def test_markup_in_a_letter_is_only_text(cast: Cast) -> None:
    page = read(cast.rita, letter(text="<script>alert(1)</script>")).content.decode()
    assert "<script>alert" not in page and "&lt;script&gt;" in page


def test_a_category_out_of_use_is_not_offered(cast: Cast) -> None:
    ComplaintCategory.objects.filter(pk="quality").update(active=False)
    assert 'value="quality"' not in client_of(cast.rita).get(URL).content.decode()
    assert list(errors(post(cast.rita, fields(cast)))) == ["category"]


def test_the_form_of_a_large_account_asks_no_more_than_that_of_a_small_one(cast: Cast) -> None:
    client = client_of(cast.rita)
    asked = []
    for number in (1, 40):
        for place in range(number):
            purchase = PurchaseFactory(account=cast.acme)
            PurchaseLine.objects.create(purchase=purchase, position=1, product=ProductFactory(), amount=place)
            ContactPersonFactory(account=cast.acme)
            ComplaintFactory(account=cast.acme, purchase=purchase)
        client.get(URL, {"account": cast.acme.pk})
        with CaptureQueriesContext(connection) as queries:
            assert client.get(URL, {"account": cast.acme.pk}).status_code == 200
        asked.append(len(queries))
    assert asked[0] == asked[1] <= 16


def test_a_button_that_is_none_of_ours_only_shows_the_form_again(cast: Cast) -> None:
    """What Enter does without a script: the lines of the purchase that is chosen, and nothing is filed."""
    purchase = PurchaseFactory(account=cast.acme)
    line = PurchaseLine.objects.create(purchase=purchase, position=1, description="Seal", amount=1)
    answer = post(cast.rita, fields(cast, file=None, purchase=purchase.pk, lines=[line.pk], category=None))
    assert answer.status_code == 200 and not answer.context["form"].errors
    assert f'name="lines" value="{line.pk}" checked' in answer.content.decode()
    assert not Complaint.objects.exists()


def test_every_page_and_the_menu_of_a_phone_lead_to_it(cast: Cast) -> None:
    for user in cast.users.values():
        page = client_of(user).get("/me/").content.decode()
        assert page.count(f'href="{URL}"') == 2 and "file a complaint or question" in page
