"""A customer's e-mail, uploaded as a file or pasted as text, taken apart (docs/domain.md, section 6).

The standard library reads it (`email`, with its default policy); what is done here is to bound it. Nothing of a letter
is believed or shown as it is: it becomes plain text, the names of its files are only names, and nothing is fetched. Who
it is from among our customers is `complaints.correspondents`' to say. Pure: no query, no clock.
"""

from __future__ import annotations

import codecs
import datetime as dt
import email
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import policy
from email.errors import MessageError
from email.message import EmailMessage
from email.utils import parseaddr
from html.parser import HTMLParser

from django.utils.translation import gettext as _

from accounts.importing.encodings import Census
from complaints.errors import BadInput
from crm.look.figures import number

MOST_PARTS = 300
DEEPEST = 40
"""Parts within parts; somebody who forwards what was forwarded does not get beyond ten."""
_MOST_BOUNDARIES = 5_000
MOST_FILES = 50
LONGEST_FIELD = 2_000
"""Letters of a line of the head that are read: parsing one takes longer than its length."""
LONGEST_TEXT = 20_000
LONGEST_PASTED = 500_000
_MOST_BYTES = 2_000_000  # of one text
_MOST_MARKUP = 300_000  # characters of HTML, without its styles
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_NO_CHARSETS = frozenset(
    {"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "oem"}
)
"""Python knows them, but no letter is written in them, and some take the square of its length to read."""
_BROKEN = (MessageError, LookupError, ValueError, TypeError, AttributeError, RecursionError, AssertionError)
"""What the parser of the standard library raises for garbage, found by throwing garbage at it."""


class Unreadable(BadInput):
    """The letter cannot be read; the sentence says why and what would help."""

    def __init__(self, message: str) -> None:
        super().__init__(message, field="letter")


@dataclass(frozen=True)
class EnclosedFile:
    """A file that came with the letter, unchecked: its name may be anything."""

    name: str
    data: bytes


@dataclass(frozen=True)
class Letter:
    """What was taken out of an e-mail. Texts are "" where the letter does not say."""

    address: str = ""
    """The sender's, in lower case."""
    sender: str = ""
    """The sender's name, as they write it."""
    subject: str = ""
    """Without Re: and Fwd:."""
    sent_at: dt.datetime | None = None
    """Aware; None where it is not said, or cannot be."""
    words: str = ""
    """What the customer wrote, without what they answered to."""
    quoted: str = ""
    """What was folded off: the letter they answered to."""
    files: tuple[EnclosedFile, ...] = ()
    is_cut: bool = False
    """Its text was longer than `LONGEST_TEXT` and ends there."""

    @property
    def all_words(self) -> str:
        """Where a number may be recognised: the subject too, and what they answered to."""
        return "\n".join((self.subject, self.words, self.quoted))


class _Bounded(policy.EmailPolicy):
    """The default policy, with lines of the head cut: parsing a huge one takes the square of its length."""

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        name, value = super().header_source_parse(sourcelines)
        return name, value[:LONGEST_FIELD]


# A file ---------------------------------------------------------------------------------------------------------------
def read_letter(data: bytes) -> Letter:
    """An e-mail as a mail program saves it (.eml). Raises Unreadable."""
    if data.startswith(_OLE):
        raise Unreadable(
            _("This letter is in Outlook's own format (MSG). Save it as EML, or paste its text below.")
        )
    if not data.strip():
        raise Unreadable(_("The file is empty. Save the letter once more, or paste its text."))
    nested = data.lower()
    if (
        data.count(b"\n--") > _MOST_BOUNDARIES
        or nested.count(b"boundary=") > DEEPEST
        or nested.count(b"message/rfc822") > DEEPEST
    ):
        raise _too_deep()  # the parser would take minutes to find out
    try:
        message = email.message_from_bytes(data, policy=_Bounded())
        assert isinstance(message, EmailMessage)
        return _taken_apart(message)
    except RecursionError:
        raise _too_deep() from None
    except _BROKEN as problem:
        raise _no_letter() from problem


def _taken_apart(message: EmailMessage) -> Letter:
    address, sender = _sender(message)
    if not address and not _field(message, "Subject") and not _field(message, "Date"):
        raise _no_letter()
    texts: list[str] = []
    markup: list[str] = []
    files: list[EnclosedFile] = []
    for part in _parts(message):
        kind, name = part.get_content_type(), _file_name(part)
        if name or part.get_content_disposition() == "attachment" or not kind.startswith("text/"):
            if len(files) < MOST_FILES and (content := _bytes(part)):
                files.append(EnclosedFile(name or _nameless(kind, len(files) + 1), content))
        elif kind == "text/html":
            markup.append(_text(part))
        else:
            texts.append(_text(part))
    words = "\n\n".join(text for text in texts if text.strip())
    if not words.strip():
        words = "\n\n".join(plain_text(text) for text in markup)
    return _letter(
        words,
        address=address,
        sender=sender,
        subject=_field(message, "Subject"),
        sent_at=_sent_at(message),
        files=tuple(files),
    )


def _parts(message: EmailMessage) -> Iterator[EmailMessage]:
    """What is at the ends of the tree, of alternatives the plain one. A letter within it is a file, not opened."""
    waiting: list[tuple[EmailMessage, int]] = [(message, 0)]
    seen = 0
    while waiting:
        part, depth = waiting.pop()
        seen += 1
        if seen > MOST_PARTS or depth > DEEPEST:
            raise _too_deep()
        if part.get_content_maintype() == "multipart" and part.is_multipart():
            inner = [each for each in part.iter_parts() if isinstance(each, EmailMessage)]
            if part.get_content_type() == "multipart/alternative":
                plain = [each for each in inner if each.get_content_type() == "text/plain"]
                if any(_text(each).strip() for each in plain):
                    inner = plain
            waiting += [(each, depth + 1) for each in reversed(inner)]
        else:
            yield part


def _field(message: EmailMessage, name: str) -> str:
    """A line of the head as text, on one line; as it stands where it cannot be parsed."""
    wanted = name.lower()
    for found, value in message.raw_items():
        if found.lower() == wanted:
            # Letters beyond ASCII that no charset was named for: UTF-8 nowadays, else what they look like.
            text = _one_line(decoded(str(value).encode("utf-8", "surrogateescape"), ""))
            try:
                return _one_line(str(policy.default.header_factory(name, text)))
            except _BROKEN:
                return text
    return ""


def _sender(message: EmailMessage) -> tuple[str, str]:
    """Address and name, from Reply-To only where From has none."""
    for name in ("From", "Reply-To", "Sender"):
        sender, address = parseaddr(_field(message, name))
        if "@" in address:
            return address.strip().lower(), sender.strip()
    return "", ""


def _sent_at(message: EmailMessage) -> dt.datetime | None:
    try:
        moment = email.utils.parsedate_to_datetime(_field(message, "Date"))
        return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _file_name(part: EmailMessage) -> str:
    try:
        return _one_line(part.get_filename() or "")[:300]
    except _BROKEN:
        return ""


def _nameless(kind: str, place: int) -> str:
    ending = {"message/rfc822": "eml", "image/jpeg": "jpg", "text/calendar": "ics"}.get(
        kind, kind.rpartition("/")[2]
    )
    return f"{_('file')}-{place}.{re.sub(r'[^a-z0-9]', '', ending)[:8] or 'bin'}"


def _bytes(part: EmailMessage) -> bytes:
    if part.is_multipart():  # a letter within the letter
        inner = part.get_payload(0)
        return inner.as_bytes() if isinstance(inner, EmailMessage) else b""
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""


def _text(part: EmailMessage) -> str:
    """The text of a part, by the charset it names if that is one, else by what its bytes look like."""
    return decoded(_bytes(part)[:_MOST_BYTES], part.get_content_charset() or "")


def decoded(data: bytes, charset: str) -> str:
    """Bytes as text; a wrong or unknown charset is no reason to lose a word."""
    try:
        found = codecs.lookup(charset).name.replace("-", "_") if charset else ""
        if found and found not in _NO_CHARSETS:
            return data.decode(found)
    except (LookupError, ValueError):
        pass  # nobody's charset, or not what these bytes are in
    census = Census()
    census.add(data, last=True)
    return data.decode(census.encoding(), "replace")


# Text that was pasted -------------------------------------------------------------------------------------------------
_HEAD = {
    "from": "from", "od": "from", "от": "from", "feladó": "from", "von": "from",
    "to": "to", "do": "to", "до": "to", "címzett": "to", "an": "to", "cc": "to", "dw": "to",
    "subject": "subject", "temat": "subject", "тема": "subject", "относно": "subject", "tárgy": "subject",
    "betreff": "subject",
    "sent": "date", "date": "date", "wysłano": "date", "data": "date", "изпратено": "date", "дата": "date",
    "elküldve": "date", "küldve": "date", "dátum": "date", "gesendet": "date", "datum": "date",
}  # fmt: skip
"""What stands before the lines of a head in the languages of our customers' mail programs."""
_HEAD_LINE = re.compile(r"[*\s>]{0,6}([^\W\d_]{2,10})\s?:[*\s]{0,3}(.{0,1000})")
_ADDRESS = re.compile(r"[\w.+'-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,6}")


def read_pasted(text: str) -> Letter:
    """An e-mail as somebody copies it: with or without its head, or its whole source. Raises Unreadable."""
    text = text.replace("\r\n", "\n").strip("\n ")
    if not text.strip():
        raise Unreadable(_("Paste the customer's letter, or choose its file."))
    if len(text) > LONGEST_PASTED:
        raise Unreadable(
            _("This is longer than %(most)s letters. Save the e-mail as a file (EML), or paste what matters.")
            % {"most": number(LONGEST_PASTED)}
        )
    if re.match(r"(?:[A-Za-z-]+: .*\n(?:[ \t].*\n)*){2,}", text) and re.search(
        r"^(?:MIME-Version|Received|Message-ID|Content-Type):", text, re.M | re.I
    ):
        return read_letter(text.encode())
    lines = text.split("\n")
    head: dict[str, str] = {}
    at = 0
    while at < len(lines) and at < 12:
        found = _HEAD_LINE.fullmatch(lines[at])
        name = _HEAD.get(found[1].lower()) if found else None
        if found and name:
            head.setdefault(name, found[2].strip())
        elif lines[at].strip() or not head:
            break
        at += 1
    if "from" not in head and "subject" not in head:
        head, at = {}, 0
    addresses = _ADDRESS.findall(head.get("from", "")) or _ADDRESS.findall(text[:LONGEST_TEXT])
    return _letter(
        "\n".join(lines[at:]),
        address=addresses[0].lower() if addresses else "",
        sender=head.get("from", "").split("<")[0].strip(' "'),
        subject=head.get("subject", ""),
    )


def addresses_in(letter: Letter) -> list[str]:
    """E-mail addresses by which the customer may be known, the likeliest first: the sender's, those in the text."""
    found = [letter.address, *(each.lower() for each in _ADDRESS.findall(letter.all_words))]
    return list(dict.fromkeys(address for address in found if address))[:20]


# What both have in common ---------------------------------------------------------------------------------------------
_PREFIX = re.compile(r"^\s*(?:re|fw|fwd|odp|pd|vs|ha|aw|wg|sv|отг|препр)\s*(?:\[\d+\])?\s*:\s*", re.I)
_ON_WROTE = re.compile(
    r"^(?:on .{4,200} wrote|(?:w dniu|dnia) .{4,200}(?:napisał|pisze).{0,40}|на .{4,200} написа"
    r"|.{4,200} ezt írta.{0,60}"
    r"|am .{4,200} schrieb.{0,80}|.{4,120} <[^<>]{3,120}> (?:wrote|napisał\(a\)|írta))\s?:\s*$",
    re.I,
)
_DIVIDER = re.compile(
    r"^\s*(?:-{2,}\s*(?:original message|forwarded message|wiadomość oryginalna|oryginalna wiadomość|eredeti üzenet"
    r"|оригинално съобщение|ursprüngliche nachricht)\s*-{2,}|_{20,})\s*$",
    re.I,
)
_SIGNATURE = re.compile(r"^--\s?$")


def _letter(text: str, *, subject: str, **found: object) -> Letter:
    """A letter of this text, with what was quoted folded off."""
    words, quoted = fold_off(_clean(text[:LONGEST_PASTED]))
    for _each in range(6):
        subject = _PREFIX.sub("", subject)
    return Letter(
        subject=subject.strip()[:LONGEST_FIELD],
        words=words[:LONGEST_TEXT],
        quoted=quoted[:LONGEST_TEXT],
        is_cut=len(words) > LONGEST_TEXT,
        **found,  # type: ignore[arg-type]
    )


def fold_off(text: str) -> tuple[str, str]:
    """What was written, and the letter that it answers to: from "On … wrote:", a divider, or lines that begin with >.

    A letter that has nothing of its own above (it was forwarded) is kept whole. Answers written between the quoted
    lines stay where they are.
    """
    lines = text.split("\n")
    only_quoted = len(lines)  # from here on every line is quoted, or empty
    while only_quoted and (
        not lines[only_quoted - 1].strip() or lines[only_quoted - 1].lstrip().startswith(">")
    ):
        only_quoted -= 1
    for at, line in enumerate(lines):
        bare = line.strip()
        joined = f"{bare} {lines[at + 1].strip()}" if at + 1 < len(lines) else bare
        begins = (
            _DIVIDER.match(line) is not None
            or _ON_WROTE.match(bare) is not None
            or (bare != "" and _ON_WROTE.match(joined) is not None)
            or (_is_head(line) and at + 1 < len(lines) and _is_head(lines[at + 1]))
            or (at >= only_quoted and bare.startswith(">"))
        )
        if begins:
            own = "\n".join(lines[:at]).strip()
            return (own, "\n".join(lines[at:]).strip()) if own else (text.strip(), "")
        if _SIGNATURE.match(line):
            own = "\n".join(lines[:at]).strip()
            if own:
                return own, "\n".join(lines[at + 1 :]).strip()
    return text.strip(), ""


def _is_head(line: str) -> bool:
    found = _HEAD_LINE.fullmatch(line)
    return found is not None and found[1].lower() in _HEAD and bool(found[2].strip())


def _clean(text: str) -> str:
    """Without control characters, with at most one empty line at a time."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u00a0", " ")
    text = "".join(letter for letter in text if letter in "\n\t" or letter.isprintable())
    return re.sub(r"\n[ \t]*\n(?:[ \t]*\n)+", "\n\n", text).strip()


def _one_line(text: str) -> str:
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


class _Text(HTMLParser):
    """Keeps the words of a page, and where its lines end; nothing of it is ever shown as HTML."""

    BREAKS = frozenset({"br", "p", "div", "tr", "li", "h1", "h2", "h3", "h4", "table", "ul", "ol"})
    SKIPPED = frozenset({"script", "style", "head", "title", "template", "noscript"})
    QUOTED = frozenset({"gmail_quote", "moz-cite-prefix", "yahoo_quoted"})

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self.skipping = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in self.SKIPPED and not self.skipping:
            self.skipping = tag
        elif tag == "body":
            self.skipping = ""  # a head that was never closed
        if tag == "blockquote":
            self.pieces.append("\n-----Original message-----\n")
        elif tag in self.BREAKS:
            self.pieces.append("\n")
        elif tag == "td":
            self.pieces.append(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag == self.skipping:
            self.skipping = ""
        elif tag in ("p", "div", "table"):
            self.pieces.append("\n")

    def handle_data(self, data: str) -> None:
        if not self.skipping:
            self.pieces.append(re.sub(r"\s+", " ", data))


def plain_text(markup: str) -> str:
    """The words of an HTML letter."""
    for begins, ends in (("<!--", "-->"), ("<style", "</style"), ("<script", "</script")):
        markup = _without(markup, begins, ends)
    first, *others = markup[:_MOST_MARKUP].split("<")
    # A tag that is never closed is no tag; the parser would look for its end from each of a hundred thousand.
    markup = first + "".join(f"<{part}" if ">" in part else f"&lt;{part}" for part in others)
    parser = _Text()
    parser.feed(markup)
    parser.close()
    lines = (line.strip() for line in "".join(parser.pieces).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _without(markup: str, begins: str, ends: str) -> str:
    """What lies outside of these, in one pass: mail programs write a hundred kilobytes of styles before a sentence."""
    lower, kept, at = markup.lower(), [], 0
    if len(lower) != len(markup):
        lower = markup  # a letter that becomes two in lower case
    while (start := lower.find(begins, at)) >= 0:
        kept.append(markup[at:start])
        end = lower.find(ends, start)
        closed = lower.find(">", end) if end >= 0 else -1
        if closed < 0:
            return "".join(kept)
        at = closed + 1
    return "".join([*kept, markup[at:]])


def _no_letter() -> Unreadable:
    return Unreadable(
        _("This is no e-mail, or it is damaged. Save it in your mail program as EML, or paste its text.")
    )


def _too_deep() -> Unreadable:
    return Unreadable(
        _(
            "This letter has too many parts within each other to be read. Paste its text, and add its files by hand."
        )
    )
