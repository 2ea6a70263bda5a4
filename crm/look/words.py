"""The words of a model's choices, quickly: a list of fifty rows asks for a hundred of them."""

from __future__ import annotations

from typing import Any

from django.db.models import Field

_WORDS: dict[Field, dict[Any, Any]] = {}


class Worded:
    """Mixin of a model with choices: `get_<field>_display` looks the word up.

    Django's own makes a dictionary of all choices at every call and hashes each, and a translated word is translated to
    be hashed: half a second for a thousand words, more than a page needs for everything else.
    """

    def _get_FIELD_display(self, field: Field) -> Any:
        words = _WORDS.get(field)
        if words is None:
            words = _WORDS[field] = dict(field.flatchoices)
        value = getattr(self, field.attname)
        word = words.get(value, value)
        return word if word is None else str(word)
