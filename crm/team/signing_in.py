"""Signing in by e-mail: what allauth and axes need to know about our users."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.auth_backends import AuthenticationBackend
from allauth.account.forms import LoginForm as AllauthLoginForm
from django.http import HttpRequest

from crm.team.models import User


class AccountAdapter(DefaultAccountAdapter):
    """Users are made by an admin; nobody signs up."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False


class Backend(AuthenticationBackend):
    """allauth's backend; whoever is signed in comes with the team, which every page names, in one query."""

    def get_user(self, user_id: int) -> User | None:
        """The user of a session; None where there is none any more, or they may not sign in now."""
        try:
            user = User.objects.select_related("team").get(pk=user_id)
        except User.DoesNotExist:
            return None
        return user if self.user_can_authenticate(user) else None


class LoginForm(AllauthLoginForm):
    """allauth's form; the e-mail is compared in lower case, as it is stored."""

    def clean_login(self) -> str:
        return str(self.cleaned_data["login"]).strip().lower()


def axes_username(request: HttpRequest | None, credentials: dict[str, Any] | None = None) -> str:
    """The e-mail that somebody tries to sign in with; without it one person's failures would lock out everybody."""
    if credentials:
        found = credentials.get("email") or credentials.get("username") or credentials.get("login")
        if found:
            return str(found).strip().lower()
    posted = request.POST.get("login", "") if request is not None else ""
    return posted.strip().lower()
