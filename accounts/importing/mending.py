"""Rows of customers with one value that cannot be kept: better without it, and somebody told, than not at all."""

from __future__ import annotations

import re

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from accounts.forms import valid_phone
from accounts.importing.reasons import BadValue
from accounts.importing.specs import FieldSpec
from accounts.importing.values import shown
from accounts.models.importing import ImportKind

_KINDS = (ImportKind.ACCOUNTS, ImportKind.PERSONS)
_MEANS_MORE = {"parent", "left_on"}
"""Without them a row says something else: a site would be a company of its own, who has left would be here."""
_BETWEEN_MAILS = re.compile(r"[\s,;|<>()\"]+|/(?=\S+@)")
_PLAIN_PHONE = re.compile(r"(?:[^\W\d_]+[.:]?\s*)?([+(\d][\d\s+().,/#x\-]*)")
"""A number behind a word such as "tel.", up to the first letter or the like: " w. 12", "; 600 100 201"."""


def may_be_left_out(kind: ImportKind, spec: FieldSpec) -> bool:
    """Whether a row of that kind is taken without this field where its text cannot be kept."""
    return kind in _KINDS and not spec.required and spec.name not in _MEANS_MORE


def check_phone(number: str) -> str:
    """The number as typed. Raises BadValue where the form would refuse it, too."""
    try:
        return valid_phone(number)
    except ValidationError as error:
        raise BadValue(
            _("%(value)s is no phone number; write digits, such as +48 600 100 201")
            % {"value": shown(number)}
        ) from error


def mend(spec: FieldSpec, text: str, problem: BadValue) -> tuple[str | None, str]:
    """What of a text that cannot be kept is kept instead (None: nothing), and what to tell about it.

    Of several e-mails the first; of a phone with an extension or a second number what stands before it.
    """
    kept: str | None = None
    if spec.type == "email":
        kept = next((part for part in _BETWEEN_MAILS.split(text) if _is_mail(part, spec.longest)), None)
    elif spec.name == "phone":
        kept = _phone_in(text, spec.longest)
    if kept is None:
        return None, left_out(str(problem))
    return kept, _("%(value)s: only %(kept)s was taken") % {"value": shown(text), "kept": kept}


def left_out(problem: str) -> str:
    """What to tell of a value that the row was taken without."""
    return _("%(problem)s (left out)") % {"problem": problem}


def _is_mail(text: str, longest: int) -> bool:
    try:
        validate_email(text)
    except ValidationError:
        return False
    return len(text) <= longest


def _phone_in(text: str, longest: int) -> str | None:
    match = _PLAIN_PHONE.match(" ".join(text.split()))
    if match is None:
        return None
    for number in (match[1], re.split(r"[,/]", match[1])[0]):
        number = number.rstrip(" .,/#x-(+")
        try:
            if len(number) <= longest and valid_phone(number):
                return number
        except ValidationError:
            continue
    return None
