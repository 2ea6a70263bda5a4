"""Filing a complaint or question: one form, which is sent again and again until somebody files it.

Every button of the form posts the whole of it. All but two of them only change what the form shows (the account, the
lines of a purchase, what a letter says) and write nothing but files, which are held (`complaints.attachments`); so it
works without a script, and nothing that was typed is lost on the way.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods

from accounts.models import Account
from complaints import workflow
from complaints.attachments import Held, Upload, attach, held_by, hold_files, read_bounded
from complaints.correspondents import caller, correspondent_of, purchase_in
from complaints.errors import ComplaintError, NotAllowed
from complaints.file_types import ACCEPT, Refused
from complaints.filing import file_complaint, suspected_duplicates
from complaints.filing_form import FilingForm, lines_of, purchases_of, typed_in, with_letter
from complaints.finding import find_complaints
from complaints.letters import LONGEST_PASTED, Letter, Unreadable, read_letter, read_pasted
from complaints.models import Complaint, ComplaintMessage
from crm.look.figures import day
from crm.look.toast import toast
from crm.team.requests import Request

INVALID = 422
FOUND = 8


@dataclass
class _Draft:
    """What the form holds between two presses of a button."""

    account: Account | None = None
    typed: dict[str, Any] = field(default_factory=dict)
    files: list[Held] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    """Why files were not taken, in words."""
    form: FilingForm | None = None
    """Where it was checked; else it is made of what was typed."""
    more: dict[str, Any] = field(default_factory=dict)
    """What the page says beside: accounts found, what was read from a letter."""


@require_http_methods(["GET", "HEAD", "POST"])
def file(request: Request) -> HttpResponse:
    """The form, empty or for an account (`?account=`); a post does what its button says."""
    if request.method != "POST":
        draft = _Draft(account=_account(request, request.GET.get("account")))
        return _page(request, _known(draft, "") if draft.account else draft)
    draft = _Draft(_account(request, request.POST.get("account")), typed_in(request.POST))
    _hold(request, draft)
    for act, do in _ACTS.items():
        if act in request.POST:
            return do(request, draft)
    return _page(request, draft)


def _account(request: Request, given: str | None) -> Account | None:
    """The account that is named, if any. Raises Http404 for one the user may not see."""
    if not given:
        return None
    rows = Account.objects.visible_to(request.user, on=request.today).select_related("owner")
    return get_object_or_404(rows, pk=given if given.isascii() and given.isdigit() and len(given) < 19 else 0)


def _hold(request: Request, draft: _Draft) -> None:
    """The files chosen so far, and those that come with this post."""
    draft.files, gone = held_by(request.POST.getlist("held"), user=request.user)
    if gone:
        draft.refused.append(
            ngettext(
                "%(number)s file was left too long and is gone; choose it again.",
                "%(number)s files were left too long and are gone; choose them again.",
                gone,
            )
            % {"number": gone}
        )
    _take(request, draft, [(each.name or "", each.chunks()) for each in request.FILES.getlist("files")])


def _take(request: Request, draft: _Draft, files: list[Upload]) -> int:
    """Hold further files; how many were taken."""
    most = settings.ATTACHMENTS_PER_COMPLAINT
    room = max(most - len(draft.files), 0)
    if len(files) > room:
        draft.refused.append(
            _("A complaint has at most %(most)s files; the last ones were left out.") % {"most": most}
        )
    identity = f"filing:{request.user.pk}:{request.POST.get('uuid', '')}"
    held, refused = hold_files(files[:room], identity=identity)
    known = {one.stored_name for one in draft.files}
    draft.files += [one for one in held if one.stored_name not in known]
    draft.refused += refused
    return len(held)


# The buttons ----------------------------------------------------------------------------------------------------------
def _choose(request: Request, draft: _Draft) -> HttpResponse:
    """An account from those found; whoever was searched for there is who calls, a purchase what it is about."""
    draft.account = _account(request, request.POST.get("choose"))
    if draft.account is None:
        return _page(request, draft)
    return _page(request, _known(draft, request.POST.get("find", "")))


def _known(draft: _Draft, words: str) -> _Draft:
    """The draft with what the words by which the account was found, "" for none, say besides: who, and of what."""
    account, typed = draft.account, draft.typed
    assert account is not None
    words = words.strip()
    purchase = account.purchases.filter(number=words).first() if words else None
    person = caller("" if purchase else words, account=account)
    typed["purchase"] = typed.get("purchase") or (purchase and purchase.pk)
    typed["person"] = typed.get("person") or (person and person.pk)
    return draft


def _look(request: Request, draft: _Draft) -> HttpResponse:
    """Search for the account; the only one found is chosen at once."""
    words = request.POST.get("find", "").strip()[:200]
    found = _found(request, words)
    if len(found) == 1:
        draft.account = _account(request, str(found[0].pk))
        return _page(request, _known(draft, words))
    draft.more = {"found": found, "find": words, "filed": _filed(request, words)}
    return _page(request, draft)


def _change(request: Request, draft: _Draft) -> HttpResponse:
    """Another account: what belongs to the first goes, what was written stays."""
    draft.account = None
    for name in ("person", "purchase", "purchase_find", "lines", "assignee"):
        draft.typed.pop(name, None)
    return _page(request, draft)


def _read(request: Request, draft: _Draft) -> HttpResponse:
    """A letter that was uploaded or pasted fills the form; nothing is filed by it."""
    upload, pasted = request.FILES.get("letter_file"), request.POST.get("letter_text", "")
    try:
        if upload is not None:
            limit = settings.LETTER_LIMIT
            letter = read_letter(read_bounded(upload.name or "", upload.chunks(), limit=limit))
        else:
            letter = read_pasted(pasted)
    except (Unreadable, Refused) as problem:
        draft.more = {
            "letter_problem": str(problem),
            "letter_text": pasted[:LONGEST_PASTED],
            "letter_open": True,
        }
        return _page(request, draft, status=INVALID)
    from_whom = correspondent_of(letter, user=request.user, today=request.today)
    person, purchase = from_whom.person, from_whom.purchase
    if draft.account is None:
        draft.account = from_whom.account
    elif from_whom.account is None or from_whom.account.pk != draft.account.pk:
        person, purchase = None, purchase_in(letter.all_words, account=draft.account)
    draft.typed = with_letter(
        draft.typed,
        words=letter.words,
        subject=letter.subject[:160],
        person=person and person.pk,
        purchase=purchase and purchase.pk,
    )
    taken = _take(request, draft, [(each.name, [each.data]) for each in letter.files])
    draft.more = {
        "letter": letter,
        "letter_said": _said(request, letter, taken),
        "found": from_whom.accounts if draft.account is None else (),
        "nobody": draft.account is None and not from_whom.accounts,
    }
    return _page(request, draft)


def _said(request: Request, letter: Letter, taken: int) -> list[str]:
    """What was read from a letter, for whoever looks it over."""
    said = []
    if letter.address:
        who = f"{letter.sender} <{letter.address}>" if letter.sender else letter.address
        said.append(_("From %(who)s") % {"who": who})
    if letter.sent_at:
        said.append(_("Sent %(day)s") % {"day": day(letter.sent_at.date(), request.today)})
    if taken:
        said.append(
            ngettext("%(number)s file taken over", "%(number)s files taken over", taken) % {"number": taken}
        )
    if letter.is_cut:
        said.append(_("Longer than a complaint can be: its end is left out"))
    return said


def _add_to(request: Request, draft: _Draft) -> HttpResponse:
    """It was filed before: what was typed becomes a message there, with the files."""
    rows = Complaint.objects.visible_to(request.user, on=request.today)
    pk = request.POST.get("add_to", "")
    complaint = get_object_or_404(rows, pk=pk if pk.isascii() and pk.isdigit() and len(pk) < 19 else 0)
    form = draft.form = _checked(request, draft)
    # Only the words go there: what else is missing for a complaint is not asked for.
    for name in [name for name in form.errors if name not in ("words", "uuid")]:
        del form.errors[name]
    if form.errors or draft.refused:
        return _page(request, draft, status=INVALID)
    given = form.cleaned_data
    try:
        with transaction.atomic():
            workflow.say(
                complaint=complaint,
                kind=ComplaintMessage.Kind.HEARD,
                words="\n\n".join(filter(None, (given["words"], given.get("wanted", "")))),
                channel=given.get("channel", ""),
                uuid=given["uuid"],
                actor=request.user,
                today=request.today,
                now=request.now,
            )
            _attach(request, complaint, draft)
    except ComplaintError as refused:
        _refuse(form, refused)
        return _page(request, draft, status=INVALID)
    toast(request, _("Added to %(number)s.") % {"number": complaint.number})
    return redirect("complaint:page", pk=complaint.pk)


def _file(request: Request, draft: _Draft) -> HttpResponse:
    """File it, with its files, in one transaction."""
    form = draft.form = _checked(request, draft)
    if not form.is_valid() or draft.refused or draft.account is None:
        return _page(request, draft, status=INVALID)
    uuid: UUID = form.cleaned_data["uuid"]
    try:
        with transaction.atomic():
            complaint = file_complaint(
                account=draft.account,
                filed=form.filed(),
                uuid=uuid,
                actor=request.user,
                today=request.today,
                now=request.now,
            )
            _attach(request, complaint, draft)
    except ComplaintError as refused:
        _refuse(form, refused)
        return _page(request, draft, status=INVALID)
    _say_filed(request, complaint)
    return redirect("complaint:page", pk=complaint.pk)


def _attach(request: Request, complaint: Complaint, draft: _Draft) -> None:
    if draft.files:
        attach(
            complaint=complaint, files=draft.files, actor=request.user, today=request.today, now=request.now
        )


def _say_filed(request: Request, complaint: Complaint) -> None:
    owner = complaint.account.owner
    if owner is None:
        words = _("Filed as %(number)s. Nobody owns the account: it is with you, under Complaints.")
    elif owner.pk == request.user.pk:
        words = _("Filed as %(number)s. It is on your Today, by its time left.")
    else:
        words = _("Filed as %(number)s. It is on Today of %(owner)s, by its time left.")
    undo = reverse("complaint:undo_filing", args=[complaint.pk])
    toast(request, words % {"number": complaint.number, "owner": owner}, undo)


def _checked(request: Request, draft: _Draft) -> FilingForm:
    return FilingForm(request.POST, account=draft.account, user=request.user)


def _refuse(form: FilingForm, refused: ComplaintError) -> None:
    """Show what a verb refused beside its field; an account that is gone meanwhile is said above."""
    named = refused.field in form.fields and not isinstance(refused, NotAllowed)
    form.add_error(refused.field if named else None, str(refused))


_ACTS = {
    "choose": _choose,
    "look": _look,
    "change": _change,
    "read": _read,
    "add_to": _add_to,
    "file": _file,
}
"""By the name of the button. Any other button shows the form again: the lines of the purchase that is chosen."""


# What is shown --------------------------------------------------------------------------------------------------------
def _page(request: Request, draft: _Draft, *, status: int = 200) -> HttpResponse:
    account = draft.account
    form = draft.form or FilingForm(initial=draft.typed, account=account, user=request.user)
    context = {
        "account": account,
        "form": form,
        "held": [(one, one.token(request.user)) for one in draft.files],
        "refused": draft.refused,
        "similar": _similar(request, account, form["category"].value(), form.chosen_purchase)
        if account
        else (),
        "accept": ACCEPT,
        "limit_mb": settings.ATTACHMENT_LIMIT / 1_000_000,
        "most_files": settings.ATTACHMENTS_PER_COMPLAINT,
        "today": request.today,
        **draft.more,
    }
    # htmx shows nothing of an answer that is an error, and what it swaps in says what is wrong.
    answer = render(request, "complaints/filing/page.html", context, status=200 if request.htmx else status)
    patch_vary_headers(answer, ["HX-Request"])
    return answer


def _similar(request: Request, account: Account, category: Any, purchase: int | None) -> list[Complaint]:
    return suspected_duplicates(
        account,
        user=request.user,
        today=request.today,
        category=str(category or ""),
        purchase=purchase,
    )


def _found(request: Request, words: str) -> list[Account]:
    """Accounts by name, code, tax number, phone, e-mail, a person there or the number of a purchase."""
    if len(words) < 2:
        return []
    rows = Account.objects.visible_to(request.user, on=request.today).active().search(words)
    return list(rows.with_person_found(words).order_by("-sales_12m_cents", "code")[:FOUND])


def _filed(request: Request, words: str) -> list[Complaint]:
    """The complaint that was filed already, where its number was typed and not the customer's name."""
    return find_complaints(words, user=request.user, today=request.today, most=3)


@require_GET
def accounts(request: Request) -> HttpResponse:
    """The accounts found while one types, as buttons of the form."""
    words = request.GET.get("find", "").strip()[:200]
    context = {"found": _found(request, words), "find": words, "filed": _filed(request, words)}
    return render(request, "complaints/filing/accounts.html", context)


def _asked(request: Request, name: str) -> int | None:
    given = request.GET.get(name, "")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 19 else None


@require_GET
def purchases(request: Request, pk: int) -> HttpResponse:
    """The purchases of the account whose number has what was typed."""
    account = _account(request, str(pk))
    assert account is not None
    chosen = _asked(request, "purchase")
    found = purchases_of(account, words=request.GET.get("purchase_find", "")[:64], chosen=chosen)
    context = {"purchases": found, "chosen": chosen, "account": account, "today": request.today}
    return render(request, "complaints/filing/purchases.html", context)


@require_GET
def lines(request: Request, pk: int) -> HttpResponse:
    """The lines of the purchase that was chosen."""
    account = _account(request, str(pk))
    assert account is not None
    found, more = lines_of(account, _asked(request, "purchase"))
    context = {"lines": found, "more_lines": more, "ticked": set()}
    return render(request, "complaints/filing/lines.html", context)


@require_GET
def similar(request: Request, pk: int) -> HttpResponse:
    """What may be the same one, by what is chosen so far."""
    account = _account(request, str(pk))
    assert account is not None
    found = _similar(request, account, request.GET.get("category"), _asked(request, "purchase"))
    return render(request, "complaints/filing/similar.html", {"similar": found, "today": request.today})
