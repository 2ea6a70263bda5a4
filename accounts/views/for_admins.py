"""Pages that only admins have: the guard lies below, where calendars need it too."""

from __future__ import annotations

from crm.team.for_admins import for_admins

__all__ = ["for_admins"]
