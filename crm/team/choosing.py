"""The team that a page is asked about: all that the user leads, or one of them."""

from __future__ import annotations

from functools import cached_property

from django.http import Http404

from crm.team.models import Team
from crm.team.requests import Request
from crm.team.visibility import standing


class TeamChoice:
    """What `?team=` asks for, on pages that can be narrowed to the accounts of a team."""

    def __init__(self, request: Request) -> None:
        self.request = request
        self.user, self.today = request.user, request.today
        self.leads = self.user.is_manager or self.user.is_admin

    @cached_property
    def teams(self) -> list[Team]:
        """The teams whose accounts the user may look at by themselves: all for an admin, none for reps and agents."""
        if not self.leads:
            return []
        teams = Team.objects.order_by("name")
        if not self.user.is_admin:
            teams = teams.filter(pk__in=standing(self.user, on=self.today).led_team_ids)
        return list(teams)

    @cached_property
    def team(self) -> Team | None:
        """The one asked for; None for all. Raises Http404 for one that is not the user's to choose."""
        asked = self.request.GET.get("team", "")
        for team in self.teams:
            if str(team.pk) == asked:
                return team
        if asked:
            raise Http404
        return None
