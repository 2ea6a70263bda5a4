"""Writing down what a customer asks of our contacts, and lifting a back-off (docs/domain.md, 5.2)."""

from __future__ import annotations

from django.contrib.messages import ERROR, INFO
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.models import Account, ContactPerson
from contacts import lifting, wishes
from contacts.forms import add_errors
from contacts.models import BackOffLift, ContactWish
from contacts.views.returning import back_to
from contacts.wish_form import WishForm
from crm.look.toast import toast
from crm.team.requests import Request

INVALID = 422


@require_http_methods(["GET", "HEAD", "POST"])
def wish(request: Request, pk: int, person_pk: int | None = None) -> HttpResponse:
    """What the account, or one person there, asks of our contacts. Emptied, or with `clear`, it asks for nothing."""
    account = _writable(request, pk)
    person = None
    if person_pk is not None:
        person = get_object_or_404(ContactPerson.objects.present(), pk=person_pk, account=account)
    known = ContactWish.objects.filter(account=account, person=person).select_related("written_by").first()
    form = WishForm(request.POST or None, wish=known)
    back = _home(account, person)
    if request.method == "POST" and ("clear" in request.POST or form.is_valid()):
        values = {} if "clear" in request.POST else form.values()
        try:
            done = wishes.write_wish(
                account=account,
                person=person,
                values=values,
                actor=request.user,
                today=request.today,
                now=request.now,
            )
        except ValidationError as refused:
            add_errors(form, refused)
        else:
            _say(request, account, person, done)
            return redirect(back)
    context = {"account": account, "person": person, "known": known, "form": form, "back": back}
    return render(request, "contacts/wish.html", context, status=INVALID if form.errors else 200)


def _say(request: Request, account: Account, person: ContactPerson | None, done: wishes.Written) -> None:
    name = {"name": person.name if person is not None else account.name}
    if done.version is None:
        toast(request, _("%(name)s: nothing was different.") % name, level=INFO)
        return
    words = _("Wishes of %(name)s: written down.") if done.wish else _("Wishes of %(name)s: none any more.")
    toast(request, words % name, reverse("contacts:wish_undo", args=[account.pk, done.version]))


@require_POST
def wish_undo(request: Request, pk: int, version: int) -> HttpResponse:
    """Bring back what stood before, unless somebody wrote since."""
    account = _writable(request, pk)
    undone = wishes.undo_wish(
        account=account, version=version, actor=request.user, today=request.today, now=request.now
    )
    if undone:
        toast(request, _("Undone."))
    else:
        toast(request, _("Somebody has changed this since; it stays as it is."), level=ERROR)
    return redirect(back_to(request, account.get_absolute_url()))


def _writable(request: Request, pk: int) -> Account:
    rows = wishes.writable_by(request.user, on=request.today)
    return get_object_or_404(rows.select_related("owner"), pk=pk)


def _home(account: Account, person: ContactPerson | None) -> str:
    if person is None:
        return account.get_absolute_url()
    return reverse("accounts:tab", args=[account.pk, "persons"])


# Back-off -----------------------------------------------------------------------------------------------------------
@require_POST
def back_off_lift(request: Request, pk: int) -> HttpResponse:
    """Go on as the rules say, whatever the contacts before brought."""
    account = _editable(request, pk)
    lift = lifting.lift_back_off(
        account=account,
        actor=request.user,
        note=request.POST.get("note", ""),
        today=request.today,
        now=request.now,
    )
    words = _("%(account)s: contacts go on as the rule says.") % {"account": account.name}
    toast(request, words, reverse("contacts:back_off_lift_undo", args=[account.pk, lift.pk]))
    return redirect(back_to(request, account.get_absolute_url()))


@require_POST
def back_off_lift_undo(request: Request, pk: int, lift_pk: int) -> HttpResponse:
    """What the contacts brought counts again."""
    account = _editable(request, pk)
    lift = BackOffLift.objects.filter(account=account, pk=lift_pk).first()
    if lift is not None:  # posted twice, it is undone once
        lifting.take_back_lift(lift=lift, actor=request.user, today=request.today, now=request.now)
    toast(request, _("Undone."))
    return redirect(back_to(request, account.get_absolute_url()))


def _editable(request: Request, pk: int) -> Account:
    allowed = Account.objects.editable_by(request.user, on=request.today)
    return get_object_or_404(allowed.select_related("owner"), pk=pk)
