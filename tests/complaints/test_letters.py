"""A customer's e-mail taken apart: what is read, what is folded off, and what is refused quickly and in words."""

from __future__ import annotations

import contextlib
import datetime as dt
import time
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import Account
from complaints.correspondents import caller, correspondent_of
from complaints.letters import (
    LONGEST_PASTED,
    LONGEST_TEXT,
    Letter,
    Unreadable,
    fold_off,
    plain_text,
    read_letter,
    read_pasted,
)
from crm.team.models import User
from tests.support.cast import Cast
from tests.support.factories import ContactPersonFactory, PurchaseFactory

TODAY = dt.date(2026, 10, 13)
QUICK = 6.0
"""Seconds for the worst letter, on a busy machine."""


def letter_of(text: str = "Two pumps leak.", **head: str) -> EmailMessage:
    message = EmailMessage()
    given = {"From": "Anna Nowak <Anna@Acme.pl>", "Subject": "Re: RE: Fwd: Pumps", "To": "us@example.com"}
    for name, value in {**given, "Date": "Tue, 13 Oct 2026 09:14:00 +0200", **head}.items():
        message[name] = value
    message.set_content(text)
    return message


# What is read ---------------------------------------------------------------------------------------------------------
def test_sender_subject_day_and_words() -> None:
    read = read_letter(letter_of().as_bytes())
    assert (read.address, read.sender, read.subject) == ("anna@acme.pl", "Anna Nowak", "Pumps")
    assert read.sent_at == dt.datetime(2026, 10, 13, 7, 14, tzinfo=dt.UTC)
    assert (read.words, read.quoted, read.files, read.is_cut) == ("Two pumps leak.", "", (), False)


def test_files_come_along_with_their_names() -> None:
    message = letter_of()
    message.add_attachment(b"\xff\xd8\xff", maintype="image", subtype="jpeg", filename="kołnierz.jpg")
    message.add_attachment(letter_of("Older.").as_bytes(), maintype="application", subtype="octet-stream")
    message.add_attachment(letter_of("Inner."))  # a letter within the letter
    read = read_letter(message.as_bytes())
    assert [file.name for file in read.files] == ["kołnierz.jpg", "file-2.octetstr", "file-3.eml"]
    assert read.files[0].data == b"\xff\xd8\xff" and b"Inner." in read.files[2].data
    assert read.words == "Two pumps leak."


def test_without_a_plain_part_the_html_becomes_text() -> None:
    message = letter_of()
    markup = (
        "<html><head><style>p {color: red}</style><title>No</title></head><body><p>Two&nbsp;pumps <b>leak</b>.</p>"
        "<script>alert(1)</script><table><tr><td>10</td><td>pcs</td></tr></table><!-- no -->"
        "<blockquote><p>Earlier.</p></blockquote></body></html>"
    )
    message.set_content(markup, subtype="html")
    read = read_letter(message.as_bytes())
    assert read.words == "Two pumps leak.\n\n10 pcs"
    assert "Earlier." in read.quoted and "alert" not in read.all_words


def test_of_alternatives_the_plain_one_is_read() -> None:
    message = letter_of("Plain.")
    message.add_alternative("<p>Rich.</p>", subtype="html")
    assert read_letter(message.as_bytes()).words == "Plain."


@pytest.mark.parametrize("charset", ["iso-8859-2", "windows-1250", "utf-8", "no-such-charset", "idna", ""])
def test_charsets_odd_wrong_and_missing(charset: str) -> None:
    words = "Dzień dobry, pompa cieknie na kołnierzu, proszę o wymianę części."
    encoding = charset if charset.startswith(("iso", "win", "utf")) else "cp1250"
    kind = f"text/plain; charset={charset}" if charset else "text/plain"
    data = f"From: a@b.pl\r\nSubject: x\r\nContent-Type: {kind}\r\n\r\n".encode() + words.encode(encoding)
    assert read_letter(data).words == words


@pytest.mark.parametrize(
    "head",
    [
        "On Tue, 13 Oct 2026 at 10:00, Ola <ola@us.pl> wrote:",
        "W dniu 13.10.2026 o 10:00 Ola <ola@us.pl> napisał(a):",
        "На 13.10.2026 Ола <ola@us.bg> написа:",
        "Ola <ola@us.hu> ezt írta (2026. okt. 13.):",
        "-----Original Message-----",
        "-----Wiadomość oryginalna-----",
        "From: Ola\nSent: Tuesday\nTo: Anna\nSubject: Pumps",
        "Od: Ola\nWysłano: wtorek\nDo: Anna\nTemat: Pompy",
        "On Tuesday the thirteenth of October\nOla <ola@us.pl> wrote:",
        "> quoted",
    ],
)
def test_what_they_answered_to_is_folded_off(head: str) -> None:
    words, quoted = fold_off(f"It leaks.\nBadly.\n\n{head}\n> We sent it.\n> Bye")
    assert words == "It leaks.\nBadly." and "We sent it." in quoted


def test_answers_between_the_lines_and_forwarded_letters_stay() -> None:
    between = "> Which pump?\nThe red one.\n> Since when?\nMonday."
    assert fold_off(between) == (between, "")
    forwarded = "-----Original Message-----\nIt leaks."
    assert fold_off(forwarded) == (forwarded, "")


def test_a_signature_is_left_out() -> None:
    assert fold_off("It leaks.\n-- \nAnna Nowak\nAcme") == ("It leaks.", "Anna Nowak\nAcme")


# Pasted ---------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "text",
    [
        "From: Anna Nowak <anna@acme.pl>\nSent: Tuesday\nTo: us\nSubject: RE: Pumps\n\nTwo leak.",
        "Od: Anna Nowak <anna@acme.pl>\nWysłano: wtorek\nDo: my\nTemat: Odp: Pumps\n\nTwo leak.",
        "Feladó: Anna Nowak <anna@acme.pl>\nTárgy: Pumps\n\nTwo leak.",
        "*От:* Anna Nowak <anna@acme.pl>\n*Относно:* Pumps\n\nTwo leak.",
        "From: Anna Nowak <anna@acme.pl>\nMIME-Version: 1.0\nSubject: Pumps\n\nTwo leak.",
    ],
)
def test_a_pasted_head_is_read_in_the_languages_of_our_customers(text: str) -> None:
    read = read_pasted(text)
    assert (read.address, read.sender, read.subject) == ("anna@acme.pl", "Anna Nowak", "Pumps")
    assert read.words == "Two leak."


def test_pasted_without_a_head_the_address_may_stand_in_the_text() -> None:
    read = read_pasted("It leaks.\n\nAnna, anna@acme.pl")
    assert (read.address, read.subject) == ("anna@acme.pl", "") and read.words.startswith("It leaks.")


# Refused --------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"  \n",
        b"\x00\x01\x02" * 500,
        b"%PDF-1.7 hello",
        b"Just some words.",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 msg",
    ],
)
def test_what_is_no_letter(data: bytes) -> None:
    with pytest.raises(Unreadable) as refused:
        read_letter(data)
    assert refused.value.field == "letter" and "paste" in str(refused.value).lower()


def test_pasted_nothing_and_too_much() -> None:
    for text in ("", " \n", "x" * (LONGEST_PASTED + 1)):
        with pytest.raises(Unreadable):
            read_pasted(text)


def _nested(depth: int) -> bytes:
    lines = ["From: a@b.pl", "Subject: deep"]
    for level in range(depth):
        lines += [f'Content-Type: multipart/mixed; boundary="b{level}"', "", f"--b{level}"]
    return "\n".join([*lines, "Content-Type: text/plain", "", "Deep."]).encode()


_HEAD = b"From: a@b.pl\nSubject: x\n"
WORST = {
    "nested": _nested(3000),
    "letters in letters": _HEAD + b"Content-Type: message/rfc822\n\n" * 2000,
    "many parts": _HEAD + b'Content-Type: multipart/mixed; boundary="b"\n\n' + b"--b\n\nx\n" * 200_000,
    "long head": b"From: " + b"(" * 1_000_000 + b"\nSubject: x\n\nHello",
    "long parameters": _HEAD + b"Content-Type: text/plain; " + b"a*0=b; " * 100_000 + b"\n\nHello",
    "many addresses": b"From: " + b"a@b.pl, " * 100_000 + b"\nSubject: x\n\nHello",
    "quoted lines": _HEAD + b"\n" + b"> a\n" * 400_000 + b"end",
    "one long line": _HEAD + b"\n" + b"a" * 8_000_000,
    "open tags": _HEAD + b"Content-Type: text/html\n\n" + b"<a " * 600_000,
    "open comments": _HEAD + b"Content-Type: text/html\n\n" + b"<!--" * 400_000,
    "open styles": _HEAD + b"Content-Type: text/html\n\n" + b"<style>" * 300_000,
    "declarations": _HEAD + b"Content-Type: text/html\n\n" + b"<![" * 600_000,
    "deep tags": _HEAD + b"Content-Type: text/html\n\n" + b"<div>" * 300_000 + b"Hello",
    "spaces": _HEAD + b"\n" + b"\n          " * 500_000,
    "broken base64": _HEAD + b"Content-Transfer-Encoding: base64\n\n" + b"!!!=" * 1_000_000,
}


@pytest.mark.parametrize("name", WORST)
def test_the_worst_letters_are_read_or_refused_in_seconds(name: str) -> None:
    began = time.monotonic()
    try:
        read = read_letter(WORST[name])
        assert len(read.words) <= LONGEST_TEXT and len(read.subject) <= 2000
    except Unreadable as refused:
        assert str(refused)
    assert time.monotonic() - began < QUICK


def test_what_is_longer_than_a_complaint_is_cut_and_said_so() -> None:
    read = read_letter(letter_of("long words " * 5000).as_bytes())
    assert read.is_cut and len(read.words) == LONGEST_TEXT


@given(
    st.binary(max_size=400),
    st.sampled_from([b"", _HEAD, _HEAD + b"Content-Type: multipart/mixed; boundary=b\n\n--b\n"]),
)
def test_garbage_is_read_or_refused(garbage: bytes, head: bytes) -> None:
    with contextlib.suppress(Unreadable):
        assert isinstance(read_letter(head + garbage), Letter)


@given(st.text(max_size=300))
def test_any_pasted_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(Unreadable):
        assert isinstance(read_pasted(text), Letter)


@given(st.text(alphabet="<>!/-abcps \"'=&;", max_size=200))
def test_any_markup_becomes_text(markup: str) -> None:
    assert isinstance(plain_text(markup), str)


# Whom it is from ------------------------------------------------------------------------------------------------------
def found(letter: Letter, user: User) -> tuple[list[Account], str, str]:
    whom = correspondent_of(letter, user=user, today=TODAY)
    return list(whom.accounts), str(whom.person or ""), str(whom.purchase or "")


@pytest.mark.django_db
def test_a_person_is_known_by_the_address_and_the_purchase_by_its_number(cast: Cast) -> None:
    ContactPersonFactory(account=cast.acme, name="Anna", email="Anna@acme.pl")
    PurchaseFactory(account=cast.acme, number="FV 12/2026")
    PurchaseFactory(account=cast.brewery, number="FV/99")
    letter = Letter(address="anna@acme.pl", words="About FV 12/2026, not FV/99.")
    assert found(letter, cast.rita) == ([cast.acme], "Anna", "FV 12/2026")
    assert found(letter, cast.otto) == ([], "", "")


@pytest.mark.django_db
def test_the_address_of_the_account_and_one_in_the_text(cast: Cast) -> None:
    cast.acme.email = "office@acme.pl"
    cast.acme.save()
    assert found(Letter(address="office@acme.pl"), cast.rita) == ([cast.acme], "", "")
    forwarded = Letter(address="rita@example.com", words="From: Office <OFFICE@acme.pl>\nIt leaks.")
    assert found(forwarded, cast.rita) == ([cast.acme], "", "")


@pytest.mark.django_db
def test_several_accounts_with_one_address_are_for_a_person_to_choose(cast: Cast) -> None:
    for account in (cast.acme, cast.quarry):
        ContactPersonFactory(account=account, email="anna@group.pl")
    whom = correspondent_of(Letter(address="anna@group.pl"), user=cast.ada, today=TODAY)
    assert set(whom.accounts) == {cast.acme, cast.quarry} and whom.account is None and whom.person is None
    assert found(Letter(address="anna@group.pl"), cast.rita)[0] == [cast.acme]


@pytest.mark.django_db
def test_an_unknown_sender_is_known_by_the_purchase_they_name(cast: Cast) -> None:
    PurchaseFactory(account=cast.acme, number="FV/2026/00667")
    letter = Letter(address="nobody@else.pl", subject="Faktura FV/2026/00667.")
    assert found(letter, cast.serge) == ([cast.acme], "", "FV/2026/00667")
    assert found(letter, cast.otto) == ([], "", "")


@pytest.mark.django_db
def test_whoever_was_searched_for_is_who_calls(cast: Cast) -> None:
    person = ContactPersonFactory(account=cast.acme, name="Bożena Malinowska", phone="600 100 201")
    ContactPersonFactory(account=cast.acme, name="Jan Kowal")
    assert caller("600100201", account=cast.acme) == person
    assert caller("malin", account=cast.acme) == person
    assert caller("acme", account=cast.acme) is None and caller("ma", account=cast.acme) is None
