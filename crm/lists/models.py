"""How people look at lists: named views, and how each left a list last time."""

from __future__ import annotations

from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.expressions import RawSQL
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.team.models import Role, User


class ListViewQuerySet(models.QuerySet["ListView"]):
    """Reads of list views that chain."""

    def live(self) -> Self:
        """Those that nobody deleted."""
        return self.filter(deleted_at__isnull=True)

    def of(self, user: User, slug: str) -> Self:
        """What the user needs to look at a list: how it was left, own views, and those shared with the user.

        An admin shares with everybody, a manager with the teams they lead.
        """
        # As text: every list asks it, and building it took longer than the database to answer.
        sharing = "SELECT id FROM team_user WHERE role = %s"
        params: list[Any] = [Role.ADMIN]
        if user.team_id is not None:
            sharing += (
                " UNION ALL SELECT u.id FROM team_user u JOIN team_team_leads l ON l.user_id = u.id"
                " WHERE l.team_id = %s AND u.role = %s"
            )
            params += [user.team_id, Role.MANAGER]
        shared = Q(shared=True, user__in=RawSQL(sharing, params))
        return self.live().filter(Q(user=user) | shared, list=slug)


class ListView(models.Model):
    """One way of looking at a list: filters, order and columns.

    With a name it is a named view, saved by its user and perhaps shared. Without, it is how the user left the list:
    what comes back when it is opened again, and which view it starts with (`starts_with`, its key; "" is all rows).
    state: parameters of the list's address by name, without empty ones.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="list_views")
    list = models.CharField(max_length=24)
    name = models.CharField(_("name"), max_length=60, blank=True)
    shared = models.BooleanField(_("for everybody in my teams"), default=False)
    state = models.JSONField(default=dict)
    starts_with = models.CharField(max_length=24, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    deleted_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = ListViewQuerySet.as_manager()

    class Meta:
        verbose_name = _("list view")
        verbose_name_plural = _("list views")
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(
                "user",
                "list",
                Lower("name"),
                condition=Q(deleted_at__isnull=True),
                name="one_list_view_per_user_and_name",
            ),
            models.CheckConstraint(
                condition=~Q(name="") | Q(shared=False), name="only_named_list_views_are_shared"
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.list

    @property
    def key(self) -> str:
        """How addresses name it."""
        return str(self.pk)
