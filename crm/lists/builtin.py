"""Views that a list comes with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.utils.functional import Promise

from crm.team.models import User

ALL = "all"
"""The key of the view that narrows nothing; every list has it."""


@dataclass(frozen=True)
class BuiltIn:
    """A view that a list comes with. `roles`: who has it, empty for everybody."""

    key: str
    name: str | Promise
    state: Mapping[str, str] = field(default_factory=dict)
    roles: frozenset[str] = frozenset()

    def is_for(self, user: User) -> bool:
        """Whether the user has it."""
        return not self.roles or user.role in self.roles
