"""Signing in by e-mail: what allauth and axes need to know about our users."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.forms import LoginForm as AllauthLoginForm
from django.http import HttpRequest


class AccountAdapter(DefaultAccountAdapter):
    """Users are made by an admin; nobody signs up."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False


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
