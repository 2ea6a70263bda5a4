"""What already lies on somebody's desk: open promises, agreed next steps, open complaints, each with its follow-up."""

from __future__ import annotations

import datetime as dt

from django.utils.text import Truncator

from accounts.models import Account, Channel, ContactPerson
from complaints import asking
from complaints.models import Complaint, State
from contacts import agenda
from contacts.models import FollowUp, Promise, Reason, Touchpoint
from crm.demo.company.drawing import Company
from crm.demo.company.staff import Staff


def write_agenda(
    company: Company,
    staff: Staff,
    rows: list[Account],
    persons: list[list[ContactPerson]],
    touchpoints: list[list[Touchpoint]],
    *,
    now: dt.datetime,
) -> int:
    """An agenda item for all that is open; returns how many. What nobody owns has none."""
    promised = _promises(company, staff, rows, persons, now)
    return promised + _steps(company, staff, rows, persons, touchpoints) + _complaints(rows, now)


def _promises(
    company: Company, staff: Staff, rows: list[Account], persons: list[list[ContactPerson]], now: dt.datetime
) -> int:
    places = {row.pk: place for place, row in enumerate(rows)}
    made = 0
    for promise in Promise.objects.open().select_related("touchpoint").order_by("due_on", "pk"):
        place = places[promise.account_id]
        customer = company.customers[place]
        owner, touchpoint = staff.owner(customer), promise.touchpoint
        if owner is None:
            continue
        agenda.open_item(
            account=rows[place],
            assignee=owner,
            person=persons[place][0],
            day=staff.days[customer.market.country].back_to(promise.due_on),
            by_hand=False,
            channel=agenda.reminder_channel(touchpoint.channel if touchpoint else Channel.PHONE),
            minutes=10,
            reason=Reason.PROMISE_DUE,
            source=agenda.promise_source(promise.pk),
            words=promise.words,
            earliest=promise.made_on,
            due=promise.due_on,
            latest=promise.due_on,
            now=touchpoint.created_at if touchpoint else now,
        )
        made += 1
    return made


def _steps(
    company: Company,
    staff: Staff,
    rows: list[Account],
    persons: list[list[ContactPerson]],
    touchpoints: list[list[Touchpoint]],
) -> int:
    made = 0
    for place, steps in enumerate(company.steps):
        owner = staff.owner(company.customers[place])
        for step in steps:
            assert owner is not None  # desks are filled from owned accounts
            touchpoint = touchpoints[place][step.contact]
            item = agenda.open_item(
                account=rows[place],
                assignee=owner,
                person=persons[place][0],
                day=step.day,
                by_hand=True,
                channel=step.channel,
                minutes=60 if step.channel == Channel.VISIT else 30,
                reason=Reason.MANUAL,
                source=f"{agenda.NEXT_STEP}{touchpoint.uuid}",
                words=step.words,
                earliest=step.day,
                due=step.day,
                latest=step.day,
                now=touchpoint.created_at,
            )
            if step.time is not None and item.follow_up is not None:
                item.follow_up.time, item.follow_up.state = step.time, FollowUp.State.BOOKED
                item.follow_up.save(update_fields=["time", "state"])
            made += 1
    return made


def _complaints(rows: list[Account], now: dt.datetime) -> int:
    """As filing asks for them; what is resolved asks for nobody any more."""
    owned = {row.pk: row for row in rows if row.owner_id}
    made = 0
    open_ones = Complaint.objects.open().exclude(state=State.RESOLVED).filter(account__in=owned)
    for complaint in open_ones.select_related("person").order_by("pk"):
        account = owned[complaint.account_id]
        assert account.owner is not None
        said = complaint.subject or complaint.words
        agenda.open_item(
            account=account,
            assignee=account.owner,
            person=complaint.person,
            day=complaint.opened_on,
            by_hand=False,
            channel=Channel.PHONE,
            minutes=asking.URGENT_MINUTES,
            reason=asking.reason_of(complaint),
            source=asking.source_of(complaint),
            words=Truncator(f"{complaint.number}: {said}").chars(asking.WORDS),
            earliest=complaint.opened_on,
            due=complaint.opened_on,
            latest=complaint.opened_on,
            now=now,
        )
        made += 1
    return made
