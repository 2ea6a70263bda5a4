"""Back office: people, teams, calendars. Only admins are let in (User.has_perm)."""

from __future__ import annotations

from typing import Any

from allauth.account.models import EmailAddress
from axes.utils import reset as lift_lock_out
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import AdminUserCreationForm
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from crm.team import holidays
from crm.team.changes import calendar_changed
from crm.team.models import Absence, PublicHoliday, Team, User

admin.site.unregister([Group, EmailAddress])


class NewUserForm(AdminUserCreationForm):
    """Password twice, e-mail as the name to sign in with."""

    class Meta:
        model = User
        fields = ("email",)


@admin.register(User)
class UserAdmin(DjangoUserAdmin):
    add_form = NewUserForm
    list_display = ("name", "email", "role", "team", "country", "is_active")
    list_filter = ("role", "team", "is_active")
    list_select_related = ("team",)
    search_fields = ("name", "email", "sales_code")
    ordering = ("name",)
    filter_horizontal = ()
    readonly_fields = ("last_login",)
    actions = ("lift_lock_outs",)
    fieldsets = (
        (None, {"fields": ("email", "password", "name", "role", "team", "is_active")}),
        (
            _("Work"),
            {
                "fields": (
                    "sales_code",
                    "phone",
                    "weekly_contact_minutes",
                    "working_weekdays",
                    "works_from",
                    "works_until",
                )
            },
        ),
        (_("Place"), {"fields": ("language", "country", "time_zone")}),
        (_("Record"), {"fields": ("last_login",)}),
    )
    add_fieldsets = (
        (
            None,
            {
                "classes": ("wide",),
                "fields": ("email", "name", "role", "team", "usable_password", "password1", "password2"),
            },
        ),
    )

    @admin.action(description=_("Lift the lock-out after wrong passwords"))
    def lift_lock_outs(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """Let people try again who typed a wrong password too often (django-axes counts)."""
        for email in queryset.values_list("email", flat=True):
            lift_lock_out(username=email)
        messages.success(request, gettext("They can sign in again."))


@admin.register(Team)
class TeamAdmin(admin.ModelAdmin):
    list_display = ("name", "country", "time_zone")
    filter_horizontal = ("leads",)


@admin.register(Absence)
class AbsenceAdmin(admin.ModelAdmin):
    list_display = ("user", "first_day", "last_day", "substitute")
    list_select_related = ("user", "substitute")
    date_hierarchy = "first_day"

    def save_model(self, request: Any, obj: Absence, form: Any, change: bool) -> None:
        """Planning hears of it, as from the page of absences."""
        super().save_model(request, obj, form, change)
        calendar_changed(user_ids=[obj.user_id], today=request.today, now=request.now)

    def delete_model(self, request: Any, obj: Absence) -> None:
        """As save_model."""
        super().delete_model(request, obj)
        calendar_changed(user_ids=[obj.user_id], today=request.today, now=request.now)


@admin.register(PublicHoliday)
class PublicHolidayAdmin(admin.ModelAdmin):
    list_display = ("day", "country", "name", "works", "corrected")
    list_filter = ("country", "works", "corrected")
    date_hierarchy = "day"
    exclude = ("corrected",)

    def save_model(self, request: Any, obj: PublicHoliday, form: Any, change: bool) -> None:
        """Mark the row as corrected, so that the filling leaves it alone; planning hears of it."""
        obj.corrected = True
        super().save_model(request, obj, form, change)
        holidays.tell(obj.country, today=request.today, now=request.now)
