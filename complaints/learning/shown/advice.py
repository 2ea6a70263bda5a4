"""Advice followed: how often people decide otherwise than the policy advises, on which grounds, and why."""

from __future__ import annotations

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from complaints.complaint_list import complaint_url
from complaints.learning import judged
from complaints.learning.asking import Learning, Page
from complaints.learning.judged import Judged
from complaints.learning.tables import Line, Table, code, day, money, number, percent, text
from complaints.models import Advice, Complaint, Decision
from crm.lists.sums import share
from crm.look import figures
from crm.look.ranking import Bar, ranking


def page(asked: Learning) -> Page:
    """By advice, by the ground that led to it, by version of the policy; and each decision that went otherwise."""
    by_advice, outcomes = judged.by_advice(asked.scope)
    total, otherwise = sum(one.decisions for one in by_advice), sum(one.otherwise for one in by_advice)
    shown = Page(
        _("Advice followed"),
        nothing=(_("Nothing was decided"), _("No complaint of these months has been decided yet.")),
    )
    if not total:
        return shown
    shown.lead = ngettext(
        "Of %(number)s decision, %(otherwise)s went otherwise than advised (%(share)s).",
        "Of %(number)s decisions, %(otherwise)s went otherwise than advised (%(share)s).",
        total,
    ) % {
        "number": figures.number(total),
        "otherwise": figures.number(otherwise),
        "share": figures.percent(share(otherwise, total)),
    }
    grounds = judged.by_ground(asked.scope)
    words = _grounds()
    shown.pictures = [
        ranking(
            [Bar(words.get(one.group, one.group), one.decisions, one.otherwise) for one in grounds],
            ident="advice",
            title=_("Decisions by the ground of the advice"),
            description=", ".join(
                f"{words.get(one.group, one.group)}: {figures.percent(one.share)}" for one in grounds
            ),
            shown=figures.number,
            part=_("decided otherwise"),
        )
    ]
    shown.tables = [
        _advised(by_advice, outcomes),
        _grouped("grounds", _("By ground"), _("Ground"), grounds, words),
        _grouped(
            "versions",
            _("By version of the policy"),
            _("Version"),
            judged.by_version(asked.scope),
            {},
        ),
        _otherwise(asked),
    ]
    return shown


def _grounds() -> dict[str, str]:
    """What each ground is, in short; `complaints.wording` says it of one complaint."""
    return {
        "no_purchase": _("Nothing bought from us"),
        "frequent": _("Complains often"),
        "bad_faith": _("Bad faith suspected"),
        "small_claim": _("Claim within the limit"),
        "large_claim": _("Claim above the limit"),
        "no_claim": _("No amount named"),
    }


def _advised(rows: list[Judged], outcomes: dict[tuple[str, str], int]) -> Table:
    words = dict(Advice.Advised.choices)
    ways = Complaint.Outcome.choices
    return Table(
        "advised",
        _("By advice"),
        [text(_("Advised")), number(_("Decisions")), *(number(label) for _value, label in ways),
         number(_("Otherwise")), percent(_("Share"))],
        [
            Line(
                [
                    str(words[one.group]), one.decisions,
                    *(outcomes.get((one.group, value)) for value, _label in ways), one.otherwise, one.share,
                ]
            )
            for one in rows
        ],
    )  # fmt: skip


def _grouped(name: str, title: str, head: str, rows: list[Judged], words: dict[str, str]) -> Table:
    return Table(
        name,
        title,
        [
            text(head), number(_("Decisions")), number(_("Otherwise")), percent(_("Share")),
            number(_("Seen by a second person")), number(pgettext("by a second person", "Refused")),
        ],
        [
            Line(
                [words.get(one.group, one.group), one.decisions, one.otherwise, one.share, one.second or None,
                 one.refused or None]
            )
            for one in rows
        ],
    )  # fmt: skip


def _otherwise(asked: Learning) -> Table:
    advised, outcomes, approvals = (
        dict(choices)
        for choices in (Advice.Advised.choices, Complaint.Outcome.choices, Decision.Approval.choices)
    )
    return Table(
        "otherwise",
        _("Decided otherwise"),
        [
            code(_("Complaint")), text(_("Account")), text(_("Advised")), text(_("Decided")),
            money(_("Amount, %(currency)s") % {"currency": figures.currency()}), text(_("Why")), text(_("By")),
            day(_("On"), asked.today), text(_("Second person")),
        ],
        [
            Line(
                [
                    row["complaint__number"], row["complaint__account__name"], str(advised[row["advice__advised"]]),
                    str(outcomes[row["outcome"]]), row["amount_cents"], row["reason"] or None, row["decided_by__name"],
                    timezone.localdate(row["decided_at"]), str(approvals[row["approval"]]),
                ],
                {0: complaint_url(row["complaint_id"])},
            )
            for row in asked.rows_of(judged.otherwise(asked.scope))
        ],
        nothing=_("Every decision followed its advice."),
    )  # fmt: skip
