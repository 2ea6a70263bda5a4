"""Coming back: what happened on the own accounts while their owner was away (docs/domain.md, 1 and 5.3).

`settings.WHILE_AWAY` names the parts in order; an app above adds its own. A part is a small class:

    class Complaints(Part):
        title = _("Complaints opened")
        icon = "complaint"

        def news(self, owner, absence, *, on):
            return [News(day, words, account_id, account_name), ...]

What is told is of accounts that the owner owns and sees on the day `on`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from django.conf import settings
from django.db.models import OuterRef, Q, Subquery
from django.utils.functional import Promise as LazyText
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Account, Channel
from contacts import models
from contacts.models import FollowUp, Outcome, Touchpoint
from crm.look.figures import day as day_words
from crm.team.calendars import ONE_DAY, calendar_of
from crm.team.models import Absence, User

SHOWN_DAYS = 3
"""So many working days after an absence Today tells of it."""
LOOKED_BACK = 21
"""Calendar days: three working days never take longer to come, whatever holidays lie between."""
MOST = 300
"""At most so many lines of one part: beyond, the lists of the product are the better place."""


class News(NamedTuple):
    """One thing that happened. who: by whom, "" where nobody in particular."""

    day: dt.date
    words: str
    account_id: int
    account: str
    who: str = ""
    more: str = ""


class Part:
    """One kind of news."""

    title: ClassVar[str | LazyText]
    icon: ClassVar[str]

    def news(self, owner: User, absence: Absence, *, on: dt.date) -> list[News]:
        """What happened from the first to the last day of the absence, oldest first, at most MOST lines."""
        raise NotImplementedError


@dataclass(frozen=True)
class Told:
    """One part with its news."""

    title: str | LazyText
    icon: str
    news: Sequence[News]


def just_back(user: User, *, today: dt.date) -> Absence | None:
    """The absence the user came back from within the last working days, unless the card was put away.

    A query only where a day lately was off in the user's calendar, which Today has read anyway.
    """
    calendar = calendar_of(user)
    if not any(today - step * ONE_DAY in calendar.days_off for step in range(1, LOOKED_BACK + 1)):
        return None
    lately = Absence.objects.filter(
        user=user, last_day__lt=today, last_day__gte=today - LOOKED_BACK * ONE_DAY, caught_up_at__isnull=True
    )
    found = lately.order_by("-last_day").first()
    if found is None or calendar.count(found.last_day, today) > SHOWN_DAYS:
        return None
    return found


def told(owner: User, absence: Absence, *, on: dt.date) -> list[Told]:
    """All parts with their news, in the order of settings.WHILE_AWAY. A few queries for each part."""
    parts = [import_string(path)() for path in settings.WHILE_AWAY]
    return [Told(part.title, part.icon, part.news(owner, absence, on=on)) for part in parts]


def put_away(*, absence: Absence, now: dt.datetime | None) -> None:
    """Take the card off Today; with None it is shown again."""
    Absence.objects.filter(pk=absence.pk).update(caught_up_at=now)


class Contacts(Part):
    """Contacts that others made."""

    title = gettext_lazy("Contacts made by others")
    icon = "phone"

    def news(self, owner: User, absence: Absence, *, on: dt.date) -> list[News]:
        rows = (
            Touchpoint.objects.live()
            .visible_to(owner, on=on)
            .filter(account__owner=owner, day__range=(absence.first_day, absence.last_day))
            .exclude(user=owner)
            .order_by("at", "pk")
            .values_list("day", "channel", "outcome", "account", "account__name", "user__name", "note")[:MOST]
        )
        return [
            News(
                day,
                # Translators: a channel and an outcome: "Phone: new information"
                _("%(channel)s: %(outcome)s")
                % {"channel": Channel(channel).label, "outcome": str(Outcome(outcome).label).lower()},
                account_id,
                account,
                who,
                note,
            )
            for day, channel, outcome, account_id, account, who, note in rows
        ]


class Promises(Part):
    """Promises that others made to the own accounts."""

    title = gettext_lazy("Promises made")
    icon = "promise"

    def news(self, owner: User, absence: Absence, *, on: dt.date) -> list[News]:
        # Who stands in promises in the owner's name: what counts is on which day, not who keeps it.
        rows = (
            models.Promise.objects.visible_to(owner, on=on)
            .filter(account__owner=owner, made_on__range=(absence.first_day, absence.last_day))
            .exclude(state=models.Promise.State.WITHDRAWN)
            .order_by("made_on", "pk")
            .values_list("made_on", "words", "account", "account__name", "touchpoint__user__name", "due_on")[
                :MOST
            ]
        )
        return [
            News(made, words, account_id, account, who or "", _("by %(day)s") % {"day": day_words(due, on)})
            for made, words, account_id, account, who, due in rows
        ]


class Owners(Part):
    """Accounts that became the owner's meanwhile. Those that went to others are not the owner's to see any more."""

    title = gettext_lazy("Accounts new to you")
    icon = "accounts"

    def news(self, owner: User, absence: Absence, *, on: dt.date) -> list[News]:
        history = Account.history.model
        earlier = history.objects.filter(id=OuterRef("id"), history_id__lt=OuterRef("history_id"))
        rows = (
            history.objects.filter(
                owner=owner, history_date__date__range=(absence.first_day, absence.last_day)
            )
            .filter(id__in=Account.objects.visible_to(owner, on=on).filter(owner=owner).values("pk"))
            .annotate(owner_before=Subquery(earlier.order_by("-history_id").values("owner_id")[:1]))
            .filter(Q(owner_before__isnull=True) | ~Q(owner_before=owner.pk))
            .order_by("history_date", "history_id")
            .values_list("history_date__date", "id", "name", "history_user__name", "owner_before")[:MOST]
        )
        names = dict(User.objects.filter(pk__in={row[4] for row in rows if row[4]}).values_list("pk", "name"))
        return [
            News(
                day,
                _("from %(name)s") % {"name": names[before]} if before in names else _("had no owner"),
                account_id,
                account,
                who or "",
            )
            for day, account_id, account, who, before in rows
        ]


class Moved(Part):
    """Follow-ups that were due in the absence and stand on a later day, or were left out."""

    title = gettext_lazy("Follow-ups moved")
    icon = "calendar"

    def news(self, owner: User, absence: Absence, *, on: dt.date) -> list[News]:
        days = (absence.first_day, absence.last_day)
        rows = (
            FollowUp.objects.visible_to(owner, on=on)
            .filter(account__owner=owner)
            .filter(
                Q(
                    state__in=FollowUp.OPEN,
                    day__gt=absence.last_day,
                    items__state="open",
                    items__due__range=days,
                )
                | Q(state=FollowUp.State.SKIPPED, day__range=days)
            )
            .order_by("day", "pk")
            .distinct()
            .values_list("day", "state", "channel", "account", "account__name", "skip_reason")[:MOST]
        )
        return [
            News(
                day,
                _("%(channel)s: left out") % {"channel": Channel(channel).label}
                if state == FollowUp.State.SKIPPED
                else _("%(channel)s: now on %(day)s")
                % {"channel": Channel(channel).label, "day": day_words(day, on)},
                account_id,
                account,
                "",
                reason,
            )
            for day, state, channel, account_id, account, reason in rows
        ]
