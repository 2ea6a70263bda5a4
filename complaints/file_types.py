"""What a file that a customer sent really is, told from its bytes; and what is refused (docs/domain.md, section 6).

Neither its name nor what the browser says of it is believed: the ending must be one of `TYPES`, and the content must be
what the ending says. Nothing here unpacks a picture or keeps what an archive holds. Pure.
"""

from __future__ import annotations

import io
import re
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from complaints.errors import BadInput
from crm.look.figures import number

LONGEST_NAME = 200  # letters, as the column
MOST_PIXELS = 120_000_000
"""A picture of more is opened by no device that is at hand; a telephone's best has 50 million."""
MOST_PARTS = 3_000
MOST_UNPACKED = 200 * 2**20  # bytes of all parts of a document together
HIGHEST_RATIO = 250
HARMLESS_UNPACKED = 8 * 2**20  # bytes; so much may be packed as tightly as anybody likes
_PIECE = 2**20

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_MARKUP = re.compile(
    rb"\s*(?:<\?xml[^>]*>\s*|<!--(?:(?!-->).)*-->\s*)*<(?:!doctype|html|head|body|script|svg)\b", re.I | re.S
)
_FIELD = re.compile(rb"(?:From [^\n]{1,300}\n)?[A-Za-z][A-Za-z0-9-]{0,60}:[ \t\r\n]")
_PROGRAMS = (b"MZ", b"\x7fELF", b"#!", b"\xca\xfe\xba\xbe", b"\xcf\xfa\xed\xfe", b"\xd0\xcf\x11\xe0")


class Refused(BadInput):
    """A file that is not taken: the sentence names it, says why, and what would help."""


@dataclass(frozen=True)
class FileType:
    """One type that is taken."""

    content_type: str
    """By which it is served."""
    is_it: Callable[[bytes], bool]
    picture: bool = False
    """Shown in the page and in a tab of its own; everything else is saved first."""


def _is_text(data: bytes) -> bool:
    if data.startswith(_PROGRAMS) or _MARKUP.match(data.removeprefix(b"\xef\xbb\xbf")[:4096]):
        return False
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return True  # UTF-16 says so of itself
    return not any(byte < 32 and byte not in b"\t\n\r\f\x1b" for byte in data[:65536])


def _is_letter(data: bytes) -> bool:
    return _FIELD.match(data[:1024].lstrip(b"\r\n")) is not None and b"\x00" not in data[:65536]


def _is_heic(data: bytes) -> bool:
    brands = data[8 : 8 + 64]
    return data[4:8] == b"ftyp" and any(
        name in brands for name in (b"heic", b"heix", b"hevc", b"mif1", b"msf1")
    )


def _is_document(main: str) -> Callable[[bytes], bool]:
    return lambda data: data.startswith(b"PK\x03\x04") and main.encode() in data


_PNG = FileType("image/png", lambda data: data.startswith(b"\x89PNG\r\n\x1a\n"), picture=True)
_JPEG = FileType("image/jpeg", lambda data: data.startswith(b"\xff\xd8\xff"), picture=True)
_WEBP = FileType("image/webp", lambda data: data[:4] == b"RIFF" and data[8:12] == b"WEBP", picture=True)
_GIF = FileType("image/gif", lambda data: data[:6] in (b"GIF87a", b"GIF89a"), picture=True)
_HEIC = FileType("image/heic", _is_heic)
_OFFICE = "application/vnd.openxmlformats-officedocument."
_OPEN = "application/vnd.oasis.opendocument."

TYPES: dict[str, FileType] = {
    "pdf": FileType("application/pdf", lambda data: b"%PDF-" in data[:1024]),
    "png": _PNG,
    "jpg": _JPEG,
    "jpeg": _JPEG,
    "webp": _WEBP,
    "gif": _GIF,
    "heic": _HEIC,
    "heif": _HEIC,
    "txt": FileType("text/plain", _is_text),
    "csv": FileType("text/csv", _is_text),
    "eml": FileType("message/rfc822", _is_letter),
    "docx": FileType(f"{_OFFICE}wordprocessingml.document", _is_document("word/")),
    "xlsx": FileType(f"{_OFFICE}spreadsheetml.sheet", _is_document("xl/")),
    "pptx": FileType(f"{_OFFICE}presentationml.presentation", _is_document("ppt/")),
    "odt": FileType(f"{_OPEN}text", _is_document(f"mimetype{_OPEN}text")),
    "ods": FileType(f"{_OPEN}spreadsheet", _is_document(f"mimetype{_OPEN}spreadsheet")),
}
"""By the ending of the name."""
ACCEPT = ",".join(f".{ending}" for ending in TYPES)
"""For the browser's own choice of files; it is asked again here."""


def check(*, name: str, data: bytes, limit: int) -> FileType:
    """The type of a file that may be kept. limit: bytes it may have at most. Raises Refused."""
    check_name(name)
    if not data:
        raise _refused(name, _("is empty. Save it anew and choose it again."))
    if len(data) > limit:
        raise too_large(name, limit)
    ending = name.rpartition(".")[2].lower() if "." in name else ""
    kind = TYPES.get(ending)
    if kind is None:
        raise _refused(name, _remedy(ending))
    if not kind.is_it(data):
        raise _refused(
            name,
            _(
                "is not what its ending .%(ending)s says. Open it in the program it comes from and save it anew."
            )
            % {"ending": ending},
        )
    if kind.content_type.startswith("image/"):
        _check_picture(name, data)
    elif data.startswith(b"PK\x03\x04"):
        _check_document(name, data)
    return kind


def check_name(name: str) -> None:
    """Refuse what is no name of a file: a path, control characters, letters that turn the direction of reading."""
    if not name.strip(" .") or _CONTROL.search(name) or "/" in name or "\\" in name or ".." in name:
        shown = "".join(letter if letter.isprintable() else "?" for letter in name)[:80]
        raise _refused(
            shown, _("has a name that cannot be kept: it holds a path or hidden signs. Rename it.")
        )
    if len(name) > LONGEST_NAME:
        raise _refused(
            f"{name[:60]}…",
            _("has a name of more than %(most)s letters. Rename it.") % {"most": LONGEST_NAME},
        )


def plain_name(name: str) -> str:
    """The name as it is kept: composed letters, no spaces around."""
    return unicodedata.normalize("NFC", name).strip()


def too_large(name: str, limit: int) -> Refused:
    """The refusal of a file of more than `limit` bytes."""
    size = number(max(limit / 1_000_000, 0.1), 0 if limit >= 1_000_000 else 1)
    return _refused(
        name,
        _("is larger than %(limit)s MB. Send a smaller picture, or only the pages that matter.")
        % {"limit": size},
    )


def _refused(name: str, why: str) -> Refused:
    # Translators: a file, and a sentence of it that begins with a verb: “x.exe” is of a type that is not taken.
    return Refused(_("“%(name)s” %(why)s") % {"name": name, "why": why}, field="files")


def _remedy(ending: str) -> str:
    if ending in {"doc", "xls", "ppt", "docm", "xlsm", "rtf"}:
        return _("is in an old format, or one with macros. Save it as DOCX, XLSX or PDF.")
    if ending in {"zip", "rar", "7z", "gz", "tar"}:
        return _("is an archive. Unpack it and add what is inside.")
    if ending == "msg":
        return _("is a letter in Outlook's own format. Save it as EML, or paste its text.")
    if ending in {"svg", "html", "htm", "tif", "tiff", "bmp"}:
        return _("is of a type that is not taken. Save it as PNG or PDF.")
    known = ", ".join(name.upper() for name in TYPES if name not in {"jpeg", "heif"})
    return _("is of a type that is not taken. These are: %(known)s.") % {"known": known}


# Pictures -------------------------------------------------------------------------------------------------------------
def _check_picture(name: str, data: bytes) -> None:
    try:
        width, height = size_of_picture(data)
    except (struct.error, IndexError, ValueError):
        raise _refused(
            name, _("is damaged: it does not say how large it is. Take or save it anew.")
        ) from None
    if not width or not height:
        raise _refused(name, _("is damaged: it does not say how large it is. Take or save it anew."))
    if width * height > MOST_PIXELS:
        raise _refused(
            name,
            _("has more than %(most)s million pixels. Save it smaller.") % {"most": MOST_PIXELS // 1_000_000},
        )


def size_of_picture(data: bytes) -> tuple[int, int]:
    """Width and height in pixels, as the head of a picture says. Raises struct.error, IndexError or ValueError."""
    if data.startswith(b"\x89PNG"):
        width, height = struct.unpack(">II", data[16:24])
        return width, height
    if data.startswith(b"GIF8"):
        width, height = struct.unpack("<HH", data[6:10])
        return width, height
    if data[:4] == b"RIFF":
        return _size_of_webp(data)
    if data[4:8] == b"ftyp":
        return _size_of_heic(data)
    return _size_of_jpeg(data)


def _size_of_webp(data: bytes) -> tuple[int, int]:
    kind = data[12:16]
    if kind == b"VP8X":
        return int.from_bytes(data[24:27], "little") + 1, int.from_bytes(data[27:30], "little") + 1
    if kind == b"VP8L":
        bits = int.from_bytes(data[21:25], "little")
        return (bits & 0x3FFF) + 1, ((bits >> 14) & 0x3FFF) + 1
    if kind == b"VP8 ":
        width, height = struct.unpack("<HH", data[26:30])
        return width & 0x3FFF, height & 0x3FFF
    raise ValueError(kind)


def _size_of_heic(data: bytes) -> tuple[int, int]:
    """Of the largest picture in it: the smaller ones are its preview and its tiles."""
    sizes, at = [(0, 0)], data.find(b"ispe", 0, 2**18)
    while at > 0:
        width, height = struct.unpack(">II", data[at + 8 : at + 16])
        sizes.append((width, height))
        at = data.find(b"ispe", at + 4, 2**18)
    return max(sizes, key=lambda size: size[0] * size[1])


def _size_of_jpeg(data: bytes) -> tuple[int, int]:
    at = 2
    while True:
        if data[at] != 0xFF:
            raise ValueError(at)
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
            return width, height
        if marker in (0xD9, 0xDA):
            raise ValueError(marker)
        at += (
            2
            if 0xD0 <= marker <= 0xD8 or marker == 0x01
            else 2 + struct.unpack(">H", data[at + 2 : at + 4])[0]
        )


# Documents of offices: archives of XML --------------------------------------------------------------------------------
def _check_document(name: str, data: bytes) -> None:
    """Unpack and forget: none of the sizes that an archive tells of itself is believed."""
    broken = _refused(name, _("is damaged. Open it in the program it comes from and save it anew."))
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, struct.error, EOFError, OSError):
        raise broken from None
    if len(parts) > MOST_PARTS:
        raise _bomb(name)
    if any(part.flag_bits & 1 for part in parts):
        raise _refused(name, _("is protected by a password. Save it without one."))
    if any(part.filename.lower().endswith(("vbaproject.bin", ".exe", ".dll", ".js")) for part in parts):
        raise _refused(name, _("holds macros or programs. Save it without them, or as PDF."))
    unpacked = 0
    for part in parts:
        try:
            unpacked = _unpack(name, data, part, unpacked)
        except (zlib.error, struct.error):
            raise broken from None


def _unpack(name: str, data: bytes, part: zipfile.ZipInfo, before: int) -> int:
    """Bytes of all parts up to this one. Raises Refused for a bomb, zlib.error or struct.error for what is damaged."""
    head = data[part.header_offset : part.header_offset + 30]
    if head[:4] != b"PK\x03\x04" or part.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise struct.error
    begin = part.header_offset + 30 + sum(struct.unpack("<HH", head[26:30]))
    packed = data[begin : begin + part.compress_size]
    if part.compress_type == zipfile.ZIP_STORED:
        if b"<!ENTITY" in packed[:65536]:
            raise _bomb(name)
        return _bounded(name, before + len(packed), len(data))
    unpacker, size, end = zlib.decompressobj(-15), before, b""
    while packed and not unpacker.eof:
        piece = unpacker.decompress(packed, _PIECE)
        packed = unpacker.unconsumed_tail
        size = _bounded(name, size + len(piece), len(data))
        if b"<!ENTITY" in end + piece:  # these documents define none; a few lines of it unpack to gigabytes
            raise _bomb(name)
        end = piece[-8:]
    if not unpacker.eof:
        raise struct.error
    return size


def _bounded(name: str, size: int, packed: int) -> int:
    if size > MOST_UNPACKED or (size > HARMLESS_UNPACKED and size > HIGHEST_RATIO * packed):
        raise _bomb(name)
    return size


def _bomb(name: str) -> Refused:
    return _refused(name, _("unpacks to far more than its size. Save it anew, or as PDF."))
