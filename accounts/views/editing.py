"""Editing accounts and persons: forms, what happened meanwhile, undo."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts import editing
from accounts.conflicts import Conflict, conflict
from accounts.editing import CannotUndo, ChangedMeanwhile
from accounts.edits import Names
from accounts.forms import AccountForm, PersonForm
from accounts.models import Account, Acquaintance, ContactPerson
from crm.look.returning import asked_from
from crm.look.toast import toast
from crm.team.models import User
from crm.team.requests import Request

require_GET_or_POST = require_http_methods(["GET", "HEAD", "POST"])


@require_GET_or_POST
def account_new(request: Request) -> HttpResponse:
    """A new account: its rep's own; a manager and an admin say whose it is. Service agents add none: 404."""
    user, today = request.user, request.today
    if user.is_agent:
        raise Http404
    form = AccountForm(request.POST or None, editor=user, on=today, initial={"country": user.country})
    if request.method == "POST" and form.is_valid():
        values = {"owner_id": user.pk} | form.values()
        saved = editing.add_account(values=values, actor=user, today=today, now=request.now)
        toast(request, _("Added: %(account)s.") % {"account": values["name"]})
        return redirect("accounts:detail", saved.pk)
    return render(request, "accounts/account_form.html", {"form": form, "version": 0})


@require_GET_or_POST
def account_edit(request: Request, pk: int) -> HttpResponse:
    """Change an account. Who saves second is told what the first one changed, and loses nothing."""
    user, today = request.user, request.today
    account = _editable(request, pk)
    version, met = editing.version_of(account), None
    form = AccountForm(request.POST or None, instance=account, editor=user, on=today)
    if request.method == "POST":
        version = _seen(request)
        if form.is_valid():
            values = form.values()
            try:
                saved = editing.change_account(
                    account=account,
                    values=values,
                    seen=version,
                    actor=user,
                    today=today,
                    now=request.now,
                )
            except ChangedMeanwhile as meanwhile:
                version = meanwhile.version
                met = _conflict(request, account, values, seen=_seen(request), version=version)
                account.refresh_from_db()
                form = AccountForm(instance=_with(account, met), editor=user, on=today)
            else:
                _say_saved(request, account, values["name"], saved)
                return redirect("accounts:detail", account.pk)
    context = {"form": form, "account": account, "version": version, "conflict": met}
    return render(request, "accounts/account_form.html", context)


@require_POST
def account_archive(request: Request, pk: int) -> HttpResponse:
    """Put an account away, or with `restore` bring it back."""
    account = _editable(request, pk)
    restore = "restore" in request.POST
    verb = editing.restore_account if restore else editing.archive_account
    saved = verb(account=account, actor=request.user, today=request.today, now=request.now)
    words = _("Restored: %(account)s.") if restore else _("Archived: %(account)s.")
    undo = reverse("accounts:undo", args=[account.pk, saved.version]) if saved.version else None
    toast(request, words % {"account": account.name}, undo)
    return redirect("accounts:detail", account.pk)


@require_POST
def account_undo(request: Request, pk: int, version: int) -> HttpResponse:
    """Take an edit of the account back, unless somebody saved since."""
    account = _editable(request, pk)
    try:
        editing.undo_account_edit(
            account=account,
            version=version,
            actor=request.user,
            today=request.today,
            now=request.now,
        )
    except CannotUndo:
        _say_too_late(request)
    else:
        toast(request, _("Taken back: %(account)s is as it was.") % {"account": account.name})
    return _back(request, account)


@require_GET_or_POST
def person_new(request: Request, pk: int) -> HttpResponse:
    """A new person at the account."""
    account = _editable(request, pk)
    form = PersonForm(request.POST or None, on=request.today, initial={"language": account.language})
    if request.method == "POST" and form.is_valid():
        values = form.values()
        editing.add_person(
            account=account,
            values=values,
            known=form.cleaned_data["known"],
            actor=request.user,
            now=request.now,
        )
        toast(request, _("Added: %(person)s.") % {"person": values["name"]})
        return redirect("accounts:tab", account.pk, "persons")
    context = {"form": form, "account": account, "version": 0}
    return render(request, "accounts/person_form.html", context)


@require_GET_or_POST
def person_edit(request: Request, pk: int, person_pk: int) -> HttpResponse:
    """Change a person, as `account_edit` changes an account."""
    user, today = request.user, request.today
    account = _editable(request, pk)
    person = get_object_or_404(ContactPerson, pk=person_pk, account=account)
    known = Acquaintance.objects.filter(person=person, user=user).values_list("strength", flat=True).first()
    version, met = editing.version_of(person), None
    form = PersonForm(request.POST or None, instance=person, on=today, initial={"known": known})
    if request.method == "POST":
        version = _seen(request)
        if form.is_valid():
            values = form.values()
            try:
                saved = editing.change_person(
                    person=person,
                    values=values,
                    known=form.cleaned_data["known"],
                    seen=version,
                    actor=user,
                    now=request.now,
                )
            except ChangedMeanwhile as meanwhile:
                version = meanwhile.version
                met = _conflict(request, person, values, seen=_seen(request), version=version)
                person.refresh_from_db()
                entered = {"known": form.cleaned_data["known"]}
                form = PersonForm(instance=_with(person, met), on=today, initial=entered)
            else:
                _say_saved(request, account, values["name"], saved, person)
                return redirect("accounts:tab", account.pk, "persons")
    context = {"form": form, "account": account, "person": person, "version": version, "conflict": met}
    return render(request, "accounts/person_form.html", context)


@require_POST
def person_undo(request: Request, pk: int, person_pk: int, version: int) -> HttpResponse:
    """Take an edit of the person back, unless somebody saved since."""
    account = _editable(request, pk)
    person = get_object_or_404(ContactPerson, pk=person_pk, account=account)
    try:
        editing.undo_person_edit(person=person, version=version, actor=request.user, now=request.now)
    except CannotUndo:
        _say_too_late(request)
    else:
        toast(request, _("Taken back: %(person)s is as it was.") % {"person": person.name})
    return _back(request, account)


def _editable(request: Request, pk: int) -> Account:
    """The account, if the user may change it; 404 also where the user may only read it."""
    allowed = Account.objects.editable_by(request.user, on=request.today)
    return get_object_or_404(allowed.select_related("owner", "parent"), pk=pk)


def _seen(request: Request) -> int:
    """The version the form was opened with; 0 where the field is missing or was tampered with."""
    text = request.POST.get("version", "")
    return int(text) if text.isdecimal() else 0


def _conflict(
    request: Request, thing: Account | ContactPerson, mine: dict[str, Any], *, seen: int, version: int
) -> Conflict:
    people = dict(User.objects.values_list("pk", "name")) if isinstance(thing, Account) else {}
    return conflict(thing, mine=mine, seen=seen, version=version, names=Names(users=people))


def _with(thing: Any, met: Conflict) -> Any:
    for name, value in met.merged.values.items():
        setattr(thing, name, value)
    return thing


def _say_saved(
    request: Request,
    account: Account,
    name: str,
    saved: editing.Saved,
    person: ContactPerson | None = None,
) -> None:
    if saved.version is None:
        toast(request, _("%(name)s: nothing was different.") % {"name": name}, level=messages.INFO)
    elif person is None:
        toast(
            request,
            _("Saved: %(name)s.") % {"name": name},
            reverse("accounts:undo", args=[account.pk, saved.version]),
        )
    else:
        undo = reverse("accounts:person_undo", args=[account.pk, person.pk, saved.version])
        toast(request, _("Saved: %(name)s.") % {"name": name}, undo)


def _say_too_late(request: Request) -> None:
    toast(
        request,
        _("Not taken back: somebody has saved since. The History tab shows what."),
        level=messages.ERROR,
    )


def _back(request: Request, account: Account) -> HttpResponse:
    return redirect(asked_from(request) or account)
