"""What pages say about imports: figures of a summary, warnings, progress."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.importing import Reason
from accounts.importing.summary import assumed
from accounts.models import Account, Import, ImportedRow, Purchase, Upload
from accounts.models.importing import ImportKind
from crm.jobs.models import Job
from crm.look.figures import number

Words = str | Promise
MOST_NAMES = 10
MOST_LINKS = 12


@dataclass(frozen=True)
class Figure:
    """One number of a summary, as `components/stats.html` shows it."""

    label: Words
    value: str
    note: str = ""
    tone: str = ""


@dataclass(frozen=True)
class Section:
    """One tab of the imports."""

    label: Words
    url: str
    current: bool


def sections(here: str) -> list[Section]:
    """The tabs: what was imported, presets, sources, exchange rates."""
    tabs = [
        (_("Imported"), "imports:list"),
        (_("Presets"), "imports:presets"),
        (_("Sources"), "imports:sources"),
        (_("Exchange rates"), "rates:list"),
    ]
    return [Section(label, reverse(name), name == here) for label, name in tabs]


# Summaries ----------------------------------------------------------------------------------------------------------
_NEW: Mapping[str, Words] = {
    ImportKind.ACCOUNTS: gettext_lazy("New accounts"),
    ImportKind.PERSONS: gettext_lazy("New persons"),
    ImportKind.PRODUCTS: gettext_lazy("New products"),
    ImportKind.PURCHASES: gettext_lazy("New purchases"),
}


def figures(kind: str, summary: Mapping[str, Any]) -> list[Figure]:
    """The numbers of a summary (Summary.as_json()), rows first, then what became of them; none of an empty one."""
    if "rows_read" not in summary:
        return []
    read, taken, rejected = (summary.get(f"rows_{what}", 0) for what in ("read", "taken", "rejected"))
    found = [
        Figure(_("Rows read"), number(read)),
        Figure(_("Rows taken"), number(taken)),
        Figure(_("Rows rejected"), number(rejected), tone="late" if rejected else ""),
    ]
    for what, label in (("created", _NEW[kind]), ("changed", _("Changed")), ("unchanged", _("Unchanged"))):
        if what in summary:
            found.append(Figure(label, number(summary[what])))
    for name, label in (
        ("accounts_created", _("New accounts")),
        ("persons_created", _("New persons")),
        ("products_created", _("New products")),
        ("product_lines_created", _("New product lines")),
        ("tags_created", _("New tags")),
        ("owners_set", _("Owners set")),
    ):
        if summary.get(name) and name != f"{kind}_created":
            found.append(Figure(label, number(summary[name])))
    if kind == ImportKind.PURCHASES and summary.get("total"):
        found.append(Figure(_("Their sum, %(currency)s") % summary, number(Decimal(summary["total"]), 2)))
    return found


def reasons(summary: Mapping[str, Any]) -> list[tuple[str, int]]:
    """Why rows were rejected, in short, the most frequent first."""
    labels = dict(Reason.choices)
    found = summary.get("rejected_by_reason", {})
    return [(str(labels.get(name, name)), count) for name, count in found.items()]


def warnings(summary: Mapping[str, Any]) -> list[str]:
    """What was taken, but should be looked at."""
    found = []
    if names := summary.get("unknown_owners"):
        shown = ", ".join(names[:MOST_NAMES])
        if len(names) > MOST_NAMES:
            shown = _("%(names)s and %(n)s more") % {"names": shown, "n": number(len(names) - MOST_NAMES)}
        found.append(
            ngettext(
                "No user has this e-mail or sales code; the accounts stay without an owner: %(names)s.",
                "No user has these e-mails or sales codes; the accounts stay without an owner: %(names)s.",
                len(names),
            )
            % {"names": shown}
        )
    found += assumed(number=summary.get("number_assumed", ""), dates=summary.get("dates_assumed", False))
    first = summary.get("first_warnings", [])
    found += [_("Line %(line)s: %(words)s") % {"line": line, "words": words} for line, words in first]
    if more := summary.get("warnings", 0) - len(first):
        words = ngettext("And %(n)s more row to look at.", "And %(n)s more rows to look at.", more)
        found.append(words % {"n": number(more)})
    return found


def progress_words(job: Job | None) -> str:
    """How far a job is, in words."""
    if job is None:
        return _("Waits for the file that came before.")
    if job.state == Job.State.QUEUED:
        return (
            _("Tried again soon: %(error)s") % {"error": job.error}
            if job.error
            else _("Waiting for a worker …")
        )
    if job.progress_total:
        return _("%(done)s of %(total)s rows") % {
            "done": number(min(job.progress_done, job.progress_total)),
            "total": number(job.progress_total),
        }
    if job.progress_done:
        return ngettext("%(n)s row so far", "%(n)s rows so far", job.progress_done) % {
            "n": number(job.progress_done)
        }
    return _("Reading the file …")


def rejects_name(upload: Upload) -> str:
    """What the list of rejected rows is called when it is downloaded."""
    stem = upload.file_name
    for ending in (".gz", ".csv", ".xlsx", ".txt", ".tsv"):
        stem = stem.removesuffix(ending)
    return _("%(file)s - rejected rows.csv") % {"file": stem}


# Results ------------------------------------------------------------------------------------------------------------
_TARGETS: Mapping[str, tuple[Any, Any]] = {
    ImportedRow.Target.ACCOUNT: (gettext_lazy("%(n)s account"), gettext_lazy("%(n)s accounts")),
    ImportedRow.Target.PERSON: (gettext_lazy("%(n)s contact person"), gettext_lazy("%(n)s contact persons")),
    ImportedRow.Target.PRODUCT: (gettext_lazy("%(n)s product"), gettext_lazy("%(n)s products")),
    ImportedRow.Target.PURCHASE: (gettext_lazy("%(n)s purchase"), gettext_lazy("%(n)s purchases")),
}


def counted(target: str, count: int) -> str:
    """ "3 accounts"; target: ImportedRow.Target."""
    one, many = _TARGETS.get(target, (gettext_lazy("%(n)s row"), gettext_lazy("%(n)s rows")))
    return str(one if count == 1 else many) % {"n": number(count)}


@dataclass(frozen=True)
class UndoneLines:
    """What taking an import back does, or did, in words."""

    removed: list[str]
    restored: list[str]
    kept: list[dict[str, Any]]


def undone_lines(undone: Mapping[str, Any]) -> UndoneLines:
    """Undone.as_json() in words."""
    return UndoneLines(
        removed=[counted(target, count) for target, count in undone.get("removed", {}).items() if count],
        restored=[counted(target, count) for target, count in undone.get("restored", {}).items() if count],
        kept=[
            {
                "what": counted(kept["target"], kept["count"]),
                "reason": kept["reason"],
                "examples": ", ".join(kept["examples"]),
            }
            for kept in undone.get("kept", [])
        ],
    )


@dataclass(frozen=True)
class Link:
    """Where something that an import brought is found."""

    words: str
    url: str


def links(imported: Import) -> list[Link]:
    """The first few accounts that an import created, changed or brought purchases to."""
    targets = {ImportKind.ACCOUNTS: ImportedRow.Target.ACCOUNT, ImportKind.PERSONS: ImportedRow.Target.PERSON}
    accounts = Account.objects.all()
    if imported.kind == ImportKind.PURCHASES:
        ids = list(
            Purchase.objects.filter(imported=imported)
            .order_by("-pk")
            .values_list("account_id", flat=True)[:200]
        )
        accounts = accounts.filter(pk__in=ids)
    elif imported.kind in targets:
        rows = ImportedRow.objects.filter(imported=imported, target=targets[ImportKind(imported.kind)])
        ids = list(rows.order_by("pk").values_list("object_id", flat=True)[:MOST_LINKS])
        accounts = (
            accounts.filter(pk__in=ids)
            if imported.kind == ImportKind.ACCOUNTS
            else accounts.filter(persons__in=ids).distinct()
        )
    else:
        return []
    return [
        Link(account.name, reverse("accounts:detail", args=[account.pk]))
        for account in accounts.order_by("name")[:MOST_LINKS]
    ]
