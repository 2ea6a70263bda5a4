"""People who use the product, their teams, and when they work (docs/domain.md, section 1)."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from typing import Any

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.look.words import Worded
from crm.team.querysets import AbsenceQuerySet


class Country(models.TextChoices):
    """ISO 3166 codes of the countries whose public holidays we keep."""

    PL = "PL", _("Poland")
    BG = "BG", _("Bulgaria")
    HU = "HU", _("Hungary")
    GB = "GB", _("United Kingdom")
    DE = "DE", _("Germany")


class Language(models.TextChoices):
    """Languages that people and customers speak; the pages are shown in settings.LANGUAGES."""

    EN = "en", _("English")
    PL = "pl", _("Polish")
    BG = "bg", _("Bulgarian")
    HU = "hu", _("Hungarian")


class Role(models.TextChoices):
    """What a user does all day; each user has one role (docs/domain.md, section 1)."""

    REP = "rep", _("Sales rep")
    AGENT = "agent", _("Service agent")
    MANAGER = "manager", _("Manager")
    ADMIN = "admin", _("Admin")


def validate_time_zone(name: str) -> None:
    """Raise ValidationError unless `name` is a time zone of the IANA database."""
    if name not in zoneinfo.available_timezones():
        raise ValidationError(
            _("%(name)s is not a time zone. Example: Europe/Warsaw."), params={"name": name}
        )


def validate_weekdays(digits: str) -> None:
    """Raise ValidationError unless `digits` are some of 1 to 7, each once and in order: "12345"."""
    if not digits or any(digit not in "1234567" for digit in digits) or sorted(set(digits)) != list(digits):
        raise ValidationError(
            _("%(digits)s are no weekdays: write 1 for Monday to 7 for Sunday, each once and in order."),
            params={"digits": digits},
        )


class Team(models.Model):
    """One team of users. Teams do not nest; a team has one or more leads (managers)."""

    name = models.CharField(_("name"), max_length=80, unique=True)
    leads: models.ManyToManyField[User, User] = models.ManyToManyField(
        "User", verbose_name=_("leads"), related_name="led_teams", blank=True
    )
    country = models.CharField(_("country"), max_length=2, choices=Country, default=Country.PL)
    time_zone = models.CharField(
        _("time zone"), max_length=64, default="Europe/Warsaw", validators=[validate_time_zone]
    )
    # Working hours, local; the service-level clock runs in them.
    opens_at = models.TimeField(_("opens at"), default=dt.time(8, 0))
    closes_at = models.TimeField(_("closes at"), default=dt.time(16, 0))

    class Meta:
        verbose_name = _("team")
        verbose_name_plural = _("teams")
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(closes_at__gt=F("opens_at")), name="team_closes_after_it_opens"
            )
        ]

    def __str__(self) -> str:
        return self.name


class UserManager(BaseUserManager["User"]):
    """Makes users; an e-mail is kept in lower case, so that it is found however it is typed."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        """Make and save one user. Raises ValueError without an e-mail."""
        if not email:
            raise ValueError("A user needs an e-mail address.")
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        """Make one admin, as `manage.py createsuperuser` does."""
        return self.create_user(email, password, **fields | {"role": Role.ADMIN})

    def get_by_natural_key(self, username: str | None) -> User:
        """The user who signs in with this e-mail. Raises User.DoesNotExist."""
        return self.get(email=(username or "").strip().lower())


class User(Worded, AbstractBaseUser):
    """One person who signs in, by e-mail. One role, at most one team; there are no groups and no permissions beside."""

    email = models.EmailField(_("e-mail"), unique=True)
    name = models.CharField(_("name"), max_length=120)
    role = models.CharField(_("role"), max_length=8, choices=Role, default=Role.REP)
    team = models.ForeignKey(
        Team, models.PROTECT, verbose_name=_("team"), null=True, blank=True, related_name="members"
    )
    sales_code = models.CharField(
        _("sales code"),
        max_length=32,
        unique=True,
        null=True,
        blank=True,
        help_text=_("How the ERP names this salesperson; imports match owners by it."),
    )
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    language = models.CharField(_("language"), max_length=2, choices=Language, default=Language.EN)
    time_zone = models.CharField(
        _("time zone"), max_length=64, default="Europe/Warsaw", validators=[validate_time_zone]
    )
    country = models.CharField(
        _("country"),
        max_length=2,
        choices=Country,
        default=Country.PL,
        help_text=_("Whose public holidays apply."),
    )
    weekly_contact_minutes = models.PositiveIntegerField(
        _("contact minutes per week"), default=1200, validators=[MaxValueValidator(6000)]
    )
    # When the user works: local days and hours.
    working_weekdays = models.CharField(
        _("working days"),
        max_length=7,
        default="12345",
        validators=[validate_weekdays],
        help_text=_("ISO digits: 1 is Monday, 7 is Sunday."),
    )
    works_from = models.TimeField(_("works from"), default=dt.time(8, 0))
    works_until = models.TimeField(_("works until"), default=dt.time(16, 0))
    digest_at = models.TimeField(
        _("morning digest at"),
        null=True,
        blank=True,
        default=dt.time(7, 0),
        help_text=_("On working days, local time; empty: none."),
    )
    theme = models.CharField(max_length=5, choices=[("light", _("Light")), ("dark", _("Dark"))], blank=True)
    is_active = models.BooleanField(_("active"), default=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = UserManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        ordering = ["name", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(email=Lower("email")), name="user_email_is_lower_case"),
            models.CheckConstraint(condition=Q(role__in=Role.values), name="user_role_is_known"),
            models.CheckConstraint(
                condition=Q(works_from__lt=F("works_until")), name="user_ends_work_after_beginning"
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.email

    def clean(self) -> None:
        """Keep the e-mail in lower case and an empty sales code as None."""
        self.email = self.email.strip().lower()
        self.sales_code = self.sales_code or None

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        """The whole name: which part of it comes first differs by country."""
        return self.name

    @property
    def page_language(self) -> str:
        """The language in which pages and mails speak to the user: their own, once there are pages in it."""
        return self.language if self.language in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE

    @property
    def is_staff(self) -> bool:
        """Whether the back office (/admin/) lets this user in."""
        return self.is_admin

    def has_perm(self, perm: str, obj: object = None) -> bool:
        """Whether the back office allows an act: admins may everything, others nothing. Pages ask the role."""
        return self.is_active and self.is_admin

    def has_module_perms(self, app_label: str) -> bool:
        """As has_perm, for a whole app."""
        return self.is_active and self.is_admin

    @property
    def is_rep(self) -> bool:
        return self.role == Role.REP

    @property
    def is_agent(self) -> bool:
        return self.role == Role.AGENT

    @property
    def is_manager(self) -> bool:
        return self.role == Role.MANAGER

    @property
    def is_admin(self) -> bool:
        return self.role == Role.ADMIN


class Absence(models.Model):
    """Days (both inclusive) on which a user does not work; the substitute sees and serves the user's accounts."""

    user = models.ForeignKey(User, models.CASCADE, related_name="absences", verbose_name=_("user"))
    first_day = models.DateField(_("first day"))
    last_day = models.DateField(_("last day"))
    substitute = models.ForeignKey(
        User,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="substitutions",
        verbose_name=_("substitute"),
    )
    reason = models.CharField(_("reason"), max_length=120, blank=True)
    caught_up_at = models.DateTimeField(null=True, blank=True, editable=False)
    """When the user put away what Today shows after coming back; None: not yet."""

    objects = AbsenceQuerySet.as_manager()

    class Meta:
        verbose_name = _("absence")
        verbose_name_plural = _("absences")
        ordering = ["-first_day"]
        constraints = [
            models.CheckConstraint(
                condition=Q(last_day__gte=F("first_day")), name="absence_ends_after_it_starts"
            ),
            models.CheckConstraint(condition=~Q(user=F("substitute")), name="absence_substitute_is_another"),
        ]
        indexes = [
            models.Index(fields=["substitute", "first_day", "last_day"], name="absence_substitute_days")
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.first_day} – {self.last_day}"

    def clean(self) -> None:
        """Say in words, and beside the field, what the constraints refuse."""
        errors = {}
        if self.first_day and self.last_day and self.last_day < self.first_day:
            errors["last_day"] = _("The last day lies before the first.")
        if self.substitute_id and self.substitute_id == self.user_id:
            errors["substitute"] = _("The substitute must be somebody else.")
        if errors:
            raise ValidationError(errors)


class PublicHoliday(models.Model):
    """One day of one country on which nobody works, or, where `works` is set, a weekend day on which everybody does.

    Filled from the `holidays` library (crm.team.calendars.fill_holidays) and correctable by an admin: a row that an
    admin has touched is never written again by the filling.
    """

    country = models.CharField(_("country"), max_length=2, choices=Country)
    day = models.DateField(_("day"))
    name = models.CharField(_("name"), max_length=120)
    works = models.BooleanField(
        _("is a working day"),
        default=False,
        help_text=_("Set for a weekend day that is worked, or a holiday revoked."),
    )
    corrected = models.BooleanField(_("corrected by hand"), default=False)

    class Meta:
        verbose_name = _("public holiday")
        verbose_name_plural = _("public holidays")
        ordering = ["country", "day"]
        constraints = [
            models.UniqueConstraint(fields=["country", "day"], name="one_holiday_per_country_and_day")
        ]

    def __str__(self) -> str:
        return f"{self.country} {self.day} {self.name}"
