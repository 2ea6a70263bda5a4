"""What contacts add to the head of the account page: last contact, sales per contact hour, promises kept."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import CharField, DateField
from django.db.models.expressions import Combinable
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Account, Channel
from accounts.panels import HeadFigures, Stat, of_account
from accounts.tabs import years_before
from contacts.models import Outcome, Promise
from crm.look import figures
from crm.team.requests import Request

_STATE = Promise.State
FEWEST_MINUTES = 15
"""Below this, sales per hour would be a large number that means nothing."""


class ContactFigures(HeadFigures):
    """Three figures from touchpoints and promises, read together with the account."""

    slug = "contact-figures"

    def facts(self, request: Request) -> dict[str, Combinable]:
        """Minutes of 12 months (all channels but broadcast), the last contact, and promises by state."""
        personal = (
            "FROM contacts_touchpoint t WHERE t.account_id = accounts_account.id AND t.deleted_at IS NULL"
            f" AND t.channel <> '{Channel.BROADCAST}'"
        )
        # The same contact whose day is Account.last_contact_on (contacts.facts).
        last = f"{personal} AND t.outcome <> '{Outcome.NOT_REACHED}' ORDER BY t.day DESC, t.at DESC, t.id DESC LIMIT 1"
        promises = "FROM contacts_promise p WHERE p.account_id = accounts_account.id AND p.state"
        return {
            "contacts_minutes_12m": of_account(
                f"SELECT SUM(t.minutes) {personal} AND t.day > %s", years_before(request.today, 1)
            ),
            "contacts_last_channel": of_account(f"SELECT t.channel {last}", output_field=CharField()),
            "contacts_last_by": of_account(f"SELECT t.user_id {last}"),
            "contacts_last_by_name": of_account(
                f"SELECT u.name FROM team_user u WHERE u.id = (SELECT t.user_id {last})",
                output_field=CharField(),
            ),
            "contacts_promises_kept": of_account(f"SELECT COUNT(*) {promises} = '{_STATE.KEPT}'"),
            "contacts_promises_settled": of_account(
                f"SELECT COUNT(*) {promises} IN ('{_STATE.KEPT}', '{_STATE.BROKEN}')"
            ),
            "contacts_promise_due": of_account(
                f"SELECT MIN(p.due_on) {promises} = '{_STATE.OPEN}'", output_field=DateField()
            ),
        }

    def stats(self, account: Account, request: Request) -> Iterable[Stat]:  # type: ignore[override]
        """The three figures; a figure that cannot be reckoned is a dash with its reason."""
        today, facts = request.today, vars(account)
        yield _last_contact(account, facts, today, request.user.pk)
        yield _per_hour(account, facts)
        yield _promises(facts, today)


def _last_contact(account: Account, facts: dict[str, Any], today: Any, reader_id: int) -> Stat:
    if account.last_contact_on is None:
        return Stat(_("Last contact"), _("never"))
    days = (today - account.last_contact_on).days
    ago = (
        _("today")
        if days <= 0
        else ngettext("%(days)s day ago", "%(days)s days ago", days) % {"days": figures.number(days)}
    )
    if not facts["contacts_last_channel"]:
        return Stat(_("Last contact"), ago)
    channel = str(Channel(facts["contacts_last_channel"]).label).lower()
    if facts["contacts_last_by"] == reader_id:
        # Translators: channel is for example "phone"
        return Stat(_("Last contact"), ago, _("%(channel)s, by you") % {"channel": channel})
    words = _("%(channel)s, by %(name)s") % {"channel": channel, "name": facts["contacts_last_by_name"]}
    return Stat(_("Last contact"), ago, words)


def _per_hour(account: Account, facts: dict[str, Any]) -> Stat:
    minutes = facts["contacts_minutes_12m"] or 0
    label = _("Sales per contact hour")
    if minutes < FEWEST_MINUTES:
        return Stat(
            label,
            figures.NOTHING,
            _("too little contact to tell") if minutes else _("no contact in 12 months"),
        )
    per_hour = account.sales_12m_cents * 60 // minutes
    note = _("%(time)s in 12 months") % {"time": figures.duration(minutes)}
    return Stat(label, f"{figures.money(per_hour)} {figures.currency()}", note)


def _promises(facts: dict[str, Any], today: Any) -> Stat:
    settled, due = facts["contacts_promises_settled"] or 0, facts["contacts_promise_due"]
    value = (
        _("%(kept)s of %(all)s") % {"kept": facts["contacts_promises_kept"], "all": settled}
        if settled
        else figures.NOTHING
    )
    if due is None:
        return Stat(_("Promises kept"), value, "" if settled else _("none made yet"))
    if due < today:
        return Stat(
            _("Promises kept"),
            value,
            _("one overdue since %(day)s") % {"day": figures.day(due, today)},
            "late",
        )
    words = _("one due today") if due == today else _("one due %(day)s") % {"day": figures.day(due, today)}
    return Stat(_("Promises kept"), value, words, "soon" if due == today else "")
