"""The URL x role matrix: what tests/test_url_matrix.py and the query counts ask for."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils import timezone

from accounts.merging.accounts import merge_accounts
from accounts.merging.candidates import PHONE, dismiss
from accounts.models import Account, BulkAct, ContactPerson, ExchangeRate
from complaints.attachments import add_files
from complaints.models import Assigning, Complaint
from contacts.digest_mail import stop_token
from contacts.feed import make_feed
from contacts.models import AgendaItem, ContactRule, FollowUp, HandOver, Promise, Restart, Touchpoint
from crm.jobs.models import Job
from crm.lists.models import ListView
from crm.team.models import Absence, PublicHoliday
from segmentation.back_test import try_policy
from segmentation.models import TierChange, TieringRun, TierPolicy
from segmentation.simulation import simulate_policy
from tests.support.cast import Cast
from tests.support.factories import (
    AgendaItemFactory,
    ComplaintFactory,
    ContactPersonFactory,
    ContactRuleFactory,
    DecisionFactory,
    FollowUpFactory,
    ProductFactory,
    PurchaseFactory,
    PurchaseLineFactory,
    TouchpointFactory,
)
from tests.support.uploads import make_import, make_preset, make_source, make_upload

EVERYBODY = frozenset({"rita", "carl", "mona", "otto", "nora", "serge", "ada"})
SEES_ACME = frozenset({"rita", "mona", "serge", "ada"})
EDITS_ACME = frozenset({"rita", "mona", "ada"})
REVIEWS_ACME = frozenset({"mona", "ada"})
REVIEWERS = frozenset({"mona", "nora", "ada"})
INSIGHT = EVERYBODY - {"serge"}
ADMINS = frozenset({"ada"})


@dataclass
class Stage:
    """The cast with one of everything on Rita's account `acme`."""

    cast: Cast
    today: dt.date
    person: ContactPerson
    follow_up: FollowUp
    item: AgendaItem
    touchpoint: Touchpoint
    promise: Promise
    rule: ContactRule
    run: TieringRun
    change: TierChange
    view: ListView


def make_stage(cast: Cast, today: dt.date) -> Stage:
    """One of everything on `acme`, owned by Rita."""
    now = timezone.now()
    acme = cast.acme
    acme.tier = "A"
    acme.save()
    person = ContactPersonFactory(account=acme, is_main=True)
    follow_up = FollowUpFactory(account=acme, assignee=cast.rita, day=today, person=person)
    rule = ContactRuleFactory(tiers="A")
    item = AgendaItemFactory(account=acme, follow_up=follow_up, due=today)
    touchpoint = TouchpointFactory(account=acme, user=cast.rita, day=today - dt.timedelta(days=1))
    promise = Promise.objects.create(
        account=acme, made_by=cast.rita, words="Send the price list", made_on=today, due_on=today
    )
    PurchaseFactory(account=acme)
    policy = TierPolicy.objects.create(version=1, in_force=True)
    run = TieringRun.objects.create(
        as_of=dt.date(2026, 9, 30),
        policy=policy,
        state=TieringRun.State.IN_REVIEW,
        started_at=now,
        completed_at=now,
        review_until=today + dt.timedelta(days=21),
    )
    change = TierChange.objects.create(
        account=acme,
        run=run,
        state="proposed",
        from_tier="A",
        to_tier="B",
        proposed_tier="B",
        proposed_at=now,
    )
    view = ListView.objects.create(user=cast.rita, list="accounts", name="Hers", state={"tier": "A"})
    return Stage(cast, today, person, follow_up, item, touchpoint, promise, rule, run, change, view)


@dataclass(frozen=True)
class Entry:
    """One address: how it is asked for, who may have it, and what they get."""

    args: Callable[[Stage], list[Any]] = lambda stage: []
    allowed: frozenset[str] = EVERYBODY
    ok: int = 200
    method: str = "GET"
    data: Callable[[Stage], dict[str, Any]] = field(default=lambda stage: {})
    public: int = 0
    """The status for somebody signed out; 0: sent to the sign-in page."""
    statuses: dict[str, int] = field(default_factory=dict)
    """Who gets another status than `ok` or 404."""

    def url(self, stage: Stage, name: str) -> str:
        return reverse(name, args=self.args(stage))

    def content(self, stage: Stage) -> dict[str, Any]:
        if self.method == "GET":
            return {}
        return {
            "data": urlencode(self.data(stage), doseq=True),
            "content_type": "application/x-www-form-urlencoded",
        }

    def status_for(self, person: str) -> int:
        return self.statuses.get(person, self.ok if person in self.allowed else 404)


def acme(stage: Stage) -> list[Any]:
    return [stage.cast.acme.pk]


def a_purchase(stage: Stage) -> int:
    return stage.cast.acme.purchases.values_list("pk", flat=True)[0]


def a_follow_up(stage: Stage) -> list[Any]:
    return [stage.follow_up.pk]


def a_touchpoint(stage: Stage) -> list[Any]:
    return [stage.touchpoint.pk]


def a_promise(stage: Stage) -> list[Any]:
    return [stage.promise.pk]


def a_job(stage: Stage, state: str = "queued") -> list[Any]:
    """A job of its own for each state; asked for by several, it is the same."""
    now = timezone.now()
    job, _made = Job.objects.get_or_create(
        kind="planning",
        key=f"planning:{state}",
        defaults={"state": state, "queued_at": now, "not_before": now},
    )
    return [job.pk]


def a_list(stage: Stage) -> list[Any]:
    return ["accounts"]


def a_view(stage: Stage) -> list[Any]:
    return ["accounts", stage.view.pk]


def an_upload(stage: Stage, state: str = "received", **fields: Any) -> list[Any]:
    """A file of purchases that Ada brought."""
    return [make_upload(stage.cast.ada, state=state, **fields).uuid]


def an_import(stage: Stage) -> list[Any]:
    return [make_import(stage.cast.ada).pk]


def a_preset(stage: Stage) -> list[Any]:
    return [make_preset(stage.cast.ada).pk]


def a_source(stage: Stage) -> list[Any]:
    return [make_source(stage.cast.ada).pk]


def a_duplicate(stage: Stage) -> Account:
    """Acme once more, with a person."""
    found, new = Account.objects.get_or_create(
        code="ACME2", defaults={"name": "Acme", "owner": stage.cast.rita}
    )
    if new:
        ContactPersonFactory(account=found)
    return found


def a_shared_phone(stage: Stage) -> str:
    """The last digits of a phone number that Acme and its duplicate share."""
    ids = [stage.cast.acme.pk, a_duplicate(stage).pk]
    Account.objects.filter(pk__in=ids).update(phone="+48 512 345 678")
    return "512345678"


def a_dismissal(stage: Stage) -> list[Any]:
    """That Acme's duplicate is none, by Ada."""
    done = dismiss(
        Account.objects.all(), PHONE, a_shared_phone(stage), actor=stage.cast.ada, now=timezone.now()
    )
    assert done is not None
    return [done.pk]


def a_merge(stage: Stage) -> list[Any]:
    """A merge of Acme's duplicate, by Ada."""
    other = a_duplicate(stage)
    now = timezone.now()
    merged = merge_accounts(
        kept=stage.cast.acme, duplicate=other, chosen={}, actor=stage.cast.ada, today=stage.today, now=now
    )
    return [merged.pk]


def a_rate() -> ExchangeRate:
    rate, _made = ExchangeRate.objects.get_or_create(
        currency="USD", day=dt.date(2026, 10, 1), defaults={"rate": Decimal("0.9")}
    )
    return rate


def an_assigning(stage: Stage) -> list[Any]:
    """Complaints that Ada gave to Rita: whoever else posts its undo is told so."""
    act = Assigning.objects.create(
        assignee=stage.cast.rita, actor=stage.cast.ada, before={}, at=timezone.now()
    )
    return [act.pk]


def an_act(stage: Stage) -> list[Any]:
    """An act on many accounts that was Ada's: whoever else posts its undo is told so."""
    return [BulkAct.objects.create(kind="archive", actor=stage.cast.ada, at=timezone.now()).pk]


def a_hand_over(stage: Stage) -> list[Any]:
    """Acme went from Rita to Carl, by Mona."""
    done = HandOver.objects.create(
        giver=stage.cast.rita,
        actor=stage.cast.mona,
        at=timezone.now(),
        shares={str(stage.cast.carl.pk): [stage.cast.acme.pk]},
    )
    return [done.pk]


def a_restart(stage: Stage) -> list[Any]:
    """Rita's portfolio was restarted, by Mona."""
    done = Restart.objects.create(
        owner=stage.cast.rita, actor=stage.cast.mona, at=timezone.now(), weeks=2, moves=[]
    )
    return [done.pk]


def a_feed_secret(stage: Stage) -> str:
    """The secret of Rita's calendar; asked for anew each time, the one before opens nothing."""
    return make_feed(user=stage.cast.rita, now=timezone.now())


def an_absence(stage: Stage) -> list[Any]:
    """Rita's, which began today."""
    absence, _made = Absence.objects.get_or_create(
        user=stage.cast.rita, first_day=stage.today, last_day=stage.today
    )
    return [absence.pk]


def a_holiday(stage: Stage) -> list[Any]:
    row, _made = PublicHoliday.objects.get_or_create(
        country="PL", day=dt.date(2026, 11, 11), defaults={"name": "Independence Day"}
    )
    return [row.pk]


def a_draft(stage: Stage) -> list[Any]:
    """A draft, simulated and tried on the past."""
    draft, new = TierPolicy.objects.get_or_create(version=2, defaults={"band": Decimal("0.03")})
    if new:
        now = timezone.now()
        simulate_policy(policy=draft, as_of=stage.today - dt.timedelta(days=1), today=stage.today, now=now)
        try_policy(policy=draft, today=stage.today, now=now)
    return [draft.pk]


def a_faulty_one(stage: Stage) -> Complaint:
    """A complaint about a product that Acme bought."""
    found = Complaint.objects.filter(account=stage.cast.acme, number="R-1").first()
    if found is not None:
        return found
    product = ProductFactory(name="Pump")
    line = PurchaseLineFactory(purchase_id=a_purchase(stage), product=product)
    found = ComplaintFactory(
        account=stage.cast.acme, number="R-1", product=product, purchase=line.purchase, claim_cents=5_000
    )
    found.lines.add(line)
    return found


def a_decision(stage: Stage) -> list[Any]:
    """Which Rita took of that complaint, and a second person is to look at."""
    complaint = a_faulty_one(stage)
    found = complaint.decisions.first() or DecisionFactory(complaint=complaint, decided_by=stage.cast.rita)
    return [complaint.pk, found.pk]


def beside_a_draft(stage: Stage) -> list[Any]:
    """No argument, but there is a draft to look at."""
    a_draft(stage)
    return []


def a_complaint(stage: Stage) -> list[Any]:
    """One of acme; asked for again, it is the same."""
    found = Complaint.objects.filter(account=stage.cast.acme, number="R/STAGE").first()
    return [(found or ComplaintFactory(account=stage.cast.acme, number="R/STAGE")).pk]


def an_attachment(stage: Stage) -> list[Any]:
    """A text that Rita added to it."""
    (pk,) = a_complaint(stage)
    (row,), _refused = add_files(
        complaint=Complaint.objects.get(pk=pk),
        files=[("note.txt", [b"It leaks here."])],
        uuid=uuid.uuid4(),
        actor=stage.cast.rita,
        today=stage.today,
        now=timezone.now(),
    )
    return [row.pk]


def a_uuid() -> str:
    return str(uuid.uuid4())


ENTRIES: dict[str, Entry] = {
    "home:landing": Entry(ok=302),
    "healthz": Entry(public=200),
    "admin:index": Entry(allowed=ADMINS),
    # Signing in and out: whoever is signed in already is sent home.
    "account_login": Entry(ok=302, public=200),
    "account_logout": Entry(),
    "account_inactive": Entry(public=200),
    "account_reauthenticate": Entry(),
    "account_change_password": Entry(),
    "account_reset_password": Entry(public=200),
    "account_reset_password_done": Entry(public=200),
    "account_reset_password_from_key": Entry(args=lambda stage: ["1", "set-password"], public=200),
    "account_reset_password_from_key_done": Entry(public=200),
    "home:search": Entry(),
    "home:me": Entry(),
    "home:theme": Entry(method="POST", data=lambda stage: {"theme": "dark"}, ok=302, public=302),
    "home:language": Entry(method="POST", data=lambda stage: {"language": "en"}, ok=302, public=302),
    # What is missing is said on the page itself.
    "home:working_time": Entry(method="POST", ok=422),
    "absences:list": Entry(),
    "absences:preview": Entry(),
    "absences:absence": Entry(args=an_absence, allowed=frozenset({"rita", "mona", "ada"})),
    # Rita comes first; who may as well finds it gone.
    "absences:delete": Entry(args=an_absence, allowed=frozenset({"rita"}), method="POST", ok=302),
    # Contact minutes of a member: own ones stand on the own page.
    "absences:minutes": Entry(args=lambda stage: [stage.cast.rita.pk], allowed=REVIEWS_ACME),
    "absences:undo": Entry(args=lambda stage: ["nobodys:token"], method="POST", ok=302),
    "holidays:list": Entry(allowed=ADMINS),
    "holidays:fill": Entry(allowed=ADMINS, method="POST", ok=302),
    "holidays:switch": Entry(args=a_holiday, allowed=ADMINS, method="POST", ok=302),
    "holidays:forget": Entry(args=a_holiday, allowed=ADMINS, method="POST", ok=302),
    "holidays:undo": Entry(args=lambda stage: ["nobodys:token"], allowed=ADMINS, method="POST", ok=302),
    "home:styleguide": Entry(public=200),
    "accounts:list": Entry(),
    "accounts:purchases": Entry(),
    "contacts:persons": Entry(),
    "contacts:touchpoints": Entry(),
    # Rita's own view of the account list; nobody else has it.
    "lists:save": Entry(args=a_list, method="POST", data=lambda stage: {"name": "Best"}, ok=302),
    "lists:start": Entry(args=a_list, method="POST", data=lambda stage: {"view": "mine"}, ok=302),
    "lists:update": Entry(args=a_view, allowed=frozenset({"rita"}), method="POST", ok=302),
    "lists:rename": Entry(
        args=a_view, allowed=frozenset({"rita"}), method="POST", data=lambda stage: {"name": "Mine"}, ok=302
    ),
    "lists:delete": Entry(args=a_view, allowed=frozenset({"rita"}), method="POST", ok=302),
    "lists:restore": Entry(args=a_view, allowed=frozenset({"rita"}), method="POST", ok=302),
    "lists:export": Entry(args=lambda stage: ["accounts", "csv"]),
    "accounts:detail": Entry(args=acme, allowed=SEES_ACME),
    "accounts:tab": Entry(args=lambda stage: [stage.cast.acme.pk, "history"], allowed=SEES_ACME),
    "accounts:purchase": Entry(args=lambda stage: [*acme(stage), a_purchase(stage)], allowed=SEES_ACME),
    "accounts:new": Entry(allowed=EVERYBODY - {"serge"}),
    "accounts:edit": Entry(args=acme, allowed=EDITS_ACME),
    "accounts:archive": Entry(args=acme, allowed=EDITS_ACME, method="POST", ok=302),
    "accounts:undo": Entry(args=lambda stage: [*acme(stage), 1], allowed=EDITS_ACME, method="POST", ok=302),
    "accounts:person_new": Entry(args=acme, allowed=EDITS_ACME),
    "accounts:person_edit": Entry(args=lambda stage: [*acme(stage), stage.person.pk], allowed=EDITS_ACME),
    "accounts:person_undo": Entry(
        args=lambda stage: [*acme(stage), stage.person.pk, 1], allowed=EDITS_ACME, method="POST", ok=302
    ),
    "upkeep:duplicates": Entry(allowed=REVIEWERS),
    "upkeep:dismiss": Entry(
        allowed=REVIEWS_ACME,
        method="POST",
        data=lambda stage: {"by": PHONE, "shared": a_shared_phone(stage)},
        ok=302,
    ),
    "upkeep:dismissal_undo": Entry(args=a_dismissal, allowed=REVIEWS_ACME, method="POST", ok=302),
    "upkeep:merge_with": Entry(args=acme, allowed=REVIEWS_ACME),
    "upkeep:merge": Entry(args=lambda stage: [*acme(stage), a_duplicate(stage).pk], allowed=REVIEWS_ACME),
    "upkeep:person_merge_with": Entry(args=lambda stage: [*acme(stage), stage.person.pk], allowed=EDITS_ACME),
    "upkeep:person_merge": Entry(
        args=lambda stage: [*acme(stage), stage.person.pk, a_duplicate(stage).persons.get().pk],
        # The other person is at another account.
        allowed=frozenset(),
    ),
    "upkeep:merge_undo": Entry(args=a_merge, allowed=REVIEWS_ACME, method="POST", ok=302),
    # An act that is none leads back; reps, managers and admins see boxes, but nobody is kept from trying.
    "upkeep:bulk": Entry(method="POST", ok=302),
    "upkeep:bulk_undo": Entry(args=an_act, method="POST", ok=302),
    "upkeep:team": Entry(args=acme, allowed=EDITS_ACME),
    "contacts:attainment": Entry(),
    "contacts:attainment_words": Entry(),
    "contacts:attainment_export": Entry(args=lambda stage: ["csv"]),
    # The service worker, who is signed in, and the page that stands in for those that are not kept.
    "contacts:worker": Entry(public=200),
    "contacts:who": Entry(public=200),
    "contacts:offline": Entry(public=200),
    "contacts:coverage": Entry(allowed=REVIEWERS),
    "contacts:hand_over": Entry(allowed=REVIEWERS),
    # The briefing is for the new owner, for who handed over, and for admins.
    "contacts:briefing": Entry(args=a_hand_over, allowed=frozenset({"carl", "mona", "ada"})),
    "contacts:hand_over_undo": Entry(
        args=a_hand_over, allowed=frozenset({"carl", "mona", "ada"}), method="POST", ok=302
    ),
    # Wishes are written by who may change the account, and by service agents, whom customers tell them.
    "contacts:wish": Entry(args=acme, allowed=SEES_ACME),
    "contacts:person_wish": Entry(args=lambda stage: [*acme(stage), stage.person.pk], allowed=SEES_ACME),
    "contacts:wish_undo": Entry(
        args=lambda stage: [*acme(stage), 1], allowed=SEES_ACME, method="POST", ok=302
    ),
    "contacts:back_off_lift": Entry(args=acme, allowed=EDITS_ACME, method="POST", ok=302),
    "contacts:back_off_lift_undo": Entry(
        args=lambda stage: [*acme(stage), 1], allowed=EDITS_ACME, method="POST", ok=302
    ),
    "complaints:list": Entry(),
    "complaints:board": Entry(),
    "complaints:move": Entry(args=lambda stage: [a_faulty_one(stage).pk], allowed=SEES_ACME),
    # A step that is none says so; nothing is selected, and nobody's act is anybody's to undo.
    "complaints:step_undo": Entry(
        args=lambda stage: [a_faulty_one(stage).pk, 0], allowed=SEES_ACME, method="POST", ok=302
    ),
    "complaints:assign": Entry(method="POST", ok=302),
    "complaints:assign_undo": Entry(args=an_assigning, method="POST", ok=302),
    "complaint:page": Entry(args=lambda stage: [a_faulty_one(stage).pk], allowed=SEES_ACME),
    # Whoever only follows the address of a form gets the page.
    "complaint:act": Entry(args=lambda stage: [a_faulty_one(stage).pk], allowed=SEES_ACME, ok=302),
    "complaint:say": Entry(args=lambda stage: [a_faulty_one(stage).pk], allowed=SEES_ACME, ok=302),
    "complaint:decide": Entry(
        args=lambda stage: [a_faulty_one(stage).pk], allowed=SEES_ACME, method="POST", ok=422
    ),
    "complaint:second_look": Entry(args=a_decision, allowed=SEES_ACME, method="POST", ok=422),
    "complaint:resolve": Entry(
        args=lambda stage: [a_faulty_one(stage).pk], allowed=SEES_ACME, method="POST", ok=422
    ),
    "complaint:solved": Entry(
        args=lambda stage: [a_faulty_one(stage).pk], allowed=SEES_ACME, method="POST", ok=422
    ),
    "complaint:assign": Entry(
        args=lambda stage: [a_faulty_one(stage).pk], allowed=SEES_ACME, method="POST", ok=422
    ),
    "complaint:recategorise": Entry(
        args=lambda stage: [a_faulty_one(stage).pk], allowed=SEES_ACME, method="POST", ok=422
    ),
    "complaint:correct": Entry(args=lambda stage: [a_faulty_one(stage).pk], allowed=SEES_ACME),
    "complaint:undo": Entry(
        args=lambda stage: [a_faulty_one(stage).pk, "step", 1], allowed=SEES_ACME, method="POST", ok=302
    ),
    "keeping:levels": Entry(allowed=ADMINS),
    "keeping:level": Entry(args=lambda stage: ["A", "late_delivery"], allowed=ADMINS),
    "keeping:level_undo": Entry(args=lambda stage: ["a:b:c"], allowed=ADMINS, method="POST", ok=302),
    "keeping:policy": Entry(allowed=ADMINS),
    "keeping:policy_use": Entry(args=lambda stage: [1], allowed=ADMINS, method="POST", ok=302),
    "keeping:catalogue": Entry(args=lambda stage: ["categories"], allowed=ADMINS),
    "keeping:row_new": Entry(args=lambda stage: ["causes"], allowed=ADMINS),
    "keeping:row": Entry(args=lambda stage: ["categories", "quality"], allowed=ADMINS),
    "keeping:row_move": Entry(
        args=lambda stage: ["causes", "picking", 1], allowed=ADMINS, method="POST", ok=302
    ),
    "keeping:row_use": Entry(
        args=lambda stage: ["categories", "quality", 0], allowed=ADMINS, method="POST", ok=302
    ),
    "learning:reasons": Entry(),
    "learning:time": Entry(),
    "learning:open": Entry(),
    "learning:repeaters": Entry(),
    "learning:costs": Entry(),
    "learning:again": Entry(),
    "learning:advice": Entry(allowed=REVIEWERS),
    "learning:export": Entry(
        args=lambda stage: [a_faulty_one(stage) and "reasons", "reasons", "csv"], allowed=SEES_ACME
    ),
    "complaint:undo_filing": Entry(
        args=lambda stage: [a_faulty_one(stage).pk], allowed=SEES_ACME, method="POST", ok=302
    ),
    "complaint:undo_category": Entry(
        args=lambda stage: [a_faulty_one(stage).pk, "quality"], allowed=SEES_ACME, method="POST", ok=302
    ),
    "complaint:outreach": Entry(args=lambda stage: [a_faulty_one(stage).pk], allowed=SEES_ACME),
    "complaint:outreach_ask": Entry(
        args=lambda stage: [a_faulty_one(stage).pk], allowed=SEES_ACME, method="POST", ok=302
    ),
    "complaint:outreach_undo": Entry(
        args=lambda stage: [a_faulty_one(stage).pk, "nobodys:token"],
        allowed=SEES_ACME,
        method="POST",
        ok=302,
    ),
    "complaint:outreach_export": Entry(args=lambda stage: [a_faulty_one(stage).pk, "csv"], allowed=SEES_ACME),
    "contacts:unmet": Entry(),
    "contacts:today": Entry(),
    "contacts:follow_up": Entry(args=a_follow_up, allowed=SEES_ACME),
    # A service agent reads and logs, but does not put off what is another's to do.
    "contacts:snooze": Entry(args=a_follow_up, allowed=EDITS_ACME),
    "contacts:reschedule": Entry(args=a_follow_up, allowed=EDITS_ACME),
    "contacts:skip": Entry(args=a_follow_up, allowed=EDITS_ACME),
    "contacts:day": Entry(),
    "contacts:brief": Entry(args=a_follow_up, allowed=SEES_ACME),
    "contacts:week": Entry(),
    "contacts:move": Entry(args=a_follow_up, allowed=EDITS_ACME),
    "contacts:follow_up_hand_over": Entry(args=a_follow_up, allowed=EDITS_ACME),
    "contacts:nearby": Entry(args=a_follow_up, allowed=EDITS_ACME),
    # A token that is nobody's says so, and changes nothing.
    "contacts:undo": Entry(args=lambda stage: ["nobodys:token"], method="POST", ok=302),
    # Refused with a message, since no time is agreed; and nobody was invited.
    "contacts:invite": Entry(args=a_follow_up, allowed=EDITS_ACME, method="POST", ok=302),
    "contacts:call_off": Entry(args=a_follow_up, allowed=EDITS_ACME, method="POST", ok=302),
    # Not who is signed in counts, but the secret.
    "contacts:calendar_feed": Entry(args=lambda stage: [a_feed_secret(stage)], public=200),
    "contacts:feed_make": Entry(method="POST", ok=302),
    "contacts:feed_off": Entry(method="POST", ok=302),
    "contacts:feed_entries": Entry(method="POST", data=lambda stage: {"all_day": "no"}, ok=302),
    "contacts:digest_at": Entry(method="POST", data=lambda stage: {"digest_at": "06:30"}, ok=302),
    "contacts:digest_stop": Entry(args=lambda stage: [stop_token(stage.cast.rita)], public=200),
    "contacts:while_away": Entry(args=an_absence, allowed=frozenset({"rita"})),
    "contacts:while_away_put_away": Entry(
        args=an_absence, allowed=frozenset({"rita"}), method="POST", ok=302
    ),
    "contacts:while_away_show": Entry(args=an_absence, allowed=frozenset({"rita"}), method="POST", ok=302),
    "contacts:log_search": Entry(),
    "contacts:log": Entry(args=acme, allowed=SEES_ACME),
    "contacts:touchpoint": Entry(args=a_touchpoint, allowed=EDITS_ACME),
    "contacts:touchpoint_delete": Entry(args=a_touchpoint, allowed=EDITS_ACME, method="POST", ok=302),
    "contacts:touchpoint_restore": Entry(args=a_touchpoint, allowed=EDITS_ACME, method="POST", ok=302),
    "contacts:promise_keep": Entry(args=a_promise, allowed=EDITS_ACME, method="POST", ok=302),
    "contacts:promise_break": Entry(args=a_promise, allowed=EDITS_ACME, method="POST", ok=302),
    "contacts:rules": Entry(allowed=ADMINS),
    "contacts:rule_new": Entry(allowed=ADMINS),
    "contacts:trigger_new": Entry(allowed=ADMINS),
    "contacts:rule": Entry(args=lambda stage: [stage.rule.pk], allowed=ADMINS),
    # Nothing was sent, so there is nothing to preview: back to the rule.
    "contacts:rule_preview": Entry(args=lambda stage: [stage.rule.pk], allowed=ADMINS, ok=302),
    "contacts:rule_new_preview": Entry(allowed=ADMINS, ok=302),
    "contacts:rule_effect": Entry(args=lambda stage: [stage.rule.pk, "off"], allowed=ADMINS),
    "contacts:rule_accounts": Entry(args=lambda stage: [stage.rule.pk], allowed=ADMINS),
    "contacts:workload": Entry(allowed=REVIEWERS),
    "contacts:workload_rep": Entry(args=lambda stage: [stage.cast.rita.pk], allowed=REVIEWS_ACME),
    "contacts:workload_stretch": Entry(
        args=lambda stage: [stage.cast.rita.pk, stage.rule.pk], allowed=ADMINS
    ),
    "contacts:stretch_undo": Entry(
        args=lambda stage: [stage.rule.pk, 30, 60], allowed=ADMINS, method="POST", ok=302
    ),
    "contacts:workload_move": Entry(
        args=lambda stage: [stage.cast.rita.pk, stage.cast.carl.pk], allowed=REVIEWS_ACME
    ),
    "contacts:restart": Entry(
        args=lambda stage: [stage.cast.rita.pk], allowed=frozenset({"rita", "mona", "ada"})
    ),
    "contacts:restart_undo": Entry(
        args=a_restart, allowed=frozenset({"rita", "mona", "ada"}), method="POST", ok=302
    ),
    "contacts:rule_move": Entry(args=lambda stage: [stage.rule.pk, 1], allowed=ADMINS, method="POST", ok=302),
    "contacts:rule_switch": Entry(
        args=lambda stage: [stage.rule.pk, 0], allowed=ADMINS, method="POST", ok=302
    ),
    "contacts:rule_remove": Entry(args=lambda stage: [stage.rule.pk], allowed=ADMINS, method="POST", ok=302),
    "filing:file": Entry(),
    "filing:accounts": Entry(),
    "filing:purchases": Entry(args=acme, allowed=SEES_ACME),
    "filing:lines": Entry(args=acme, allowed=SEES_ACME),
    "filing:similar": Entry(args=acme, allowed=SEES_ACME),
    "filing:attach": Entry(args=a_complaint, allowed=SEES_ACME, method="POST", ok=302),
    "filing:attachment": Entry(args=an_attachment, allowed=SEES_ACME),
    # Rita added it; what she removes first, the others find gone. An agent removes only own files.
    "filing:attachment_remove": Entry(args=an_attachment, allowed=frozenset({"rita"}), method="POST", ok=302),
    "filing:attachment_undo": Entry(args=lambda stage: ["nobodys:token"], method="POST", ok=302),
    "imports:list": Entry(allowed=ADMINS),
    "imports:new": Entry(allowed=ADMINS),
    "imports:upload": Entry(args=an_upload, allowed=ADMINS),
    "imports:progress": Entry(args=an_upload, allowed=ADMINS),
    "imports:import": Entry(args=an_upload, allowed=ADMINS, method="POST", ok=302),
    "imports:rejected": Entry(args=lambda stage: an_upload(stage, rejects=True), allowed=ADMINS),
    "imports:preset_save": Entry(args=an_upload, allowed=ADMINS, method="POST", ok=302),
    "imports:discard": Entry(args=an_upload, allowed=ADMINS, method="POST", ok=302),
    "imports:result": Entry(args=an_import, allowed=ADMINS),
    "imports:undo": Entry(args=an_import, allowed=ADMINS),
    "imports:undo_progress": Entry(args=an_import, allowed=ADMINS),
    "imports:presets": Entry(allowed=ADMINS),
    "imports:preset": Entry(args=a_preset, allowed=ADMINS),
    "imports:preset_delete": Entry(args=a_preset, allowed=ADMINS, method="POST", ok=302),
    "imports:sources": Entry(allowed=ADMINS),
    "imports:source_new": Entry(allowed=ADMINS),
    "imports:source": Entry(args=a_source, allowed=ADMINS),
    "imports:source_secret": Entry(args=a_source, allowed=ADMINS, method="POST", ok=302),
    "imports:source_revoke": Entry(args=a_source, allowed=ADMINS, method="POST", ok=302),
    "imports:source_delete": Entry(args=a_source, allowed=ADMINS, method="POST", ok=302),
    # For programs: not who is signed in counts, but the secret, and here is none.
    "imports:deliver": Entry(method="POST", ok=401, public=401),
    "imports:delivery": Entry(args=lambda stage: [a_uuid()], ok=401, public=401),
    "jobs:list": Entry(allowed=ADMINS),
    "jobs:now": Entry(allowed=ADMINS),
    "jobs:job": Entry(args=a_job, allowed=ADMINS),
    "jobs:start": Entry(args=lambda stage: ["planning"], allowed=ADMINS, method="POST", ok=302),
    "jobs:stop": Entry(args=a_job, allowed=ADMINS, method="POST", ok=302),
    "jobs:put_back": Entry(args=lambda stage: a_job(stage, "stopped"), allowed=ADMINS, method="POST", ok=302),
    "jobs:retry": Entry(args=lambda stage: a_job(stage, "failed"), allowed=ADMINS, method="POST", ok=302),
    "jobs:sweep": Entry(allowed=ADMINS, method="POST", ok=302),
    "rates:list": Entry(allowed=ADMINS),
    "rates:lines": Entry(
        allowed=ADMINS, method="POST", data=lambda stage: {"lines": "PLN;2026-09-30;0,25"}, ok=302
    ),
    "rates:currency": Entry(args=lambda stage: [a_rate().currency], allowed=ADMINS),
    "rates:remove": Entry(args=lambda stage: [a_rate().pk], allowed=ADMINS, method="POST", ok=302),
    "rates:put_back": Entry(
        args=lambda stage: ["PLN", "2026-01-05", "0.25"], allowed=ADMINS, method="POST", ok=302
    ),
    "policies:list": Entry(allowed=ADMINS),
    "policies:new": Entry(allowed=ADMINS, method="POST", ok=302),
    "policies:compare": Entry(allowed=ADMINS),
    "policies:policy": Entry(args=a_draft, allowed=ADMINS),
    "policies:start": Entry(args=a_draft, allowed=ADMINS, method="POST", ok=302),
    "policies:wait": Entry(args=a_draft, allowed=ADMINS, method="POST", ok=302),
    "policies:remove": Entry(args=a_draft, allowed=ADMINS, method="POST", ok=302),
    "policies:simulate": Entry(args=a_draft, allowed=ADMINS, method="POST", ok=302),
    "policies:moves": Entry(args=a_draft, allowed=ADMINS),
    "policies:moves_export": Entry(args=lambda stage: [*a_draft(stage), "csv"], allowed=ADMINS),
    "policies:back_test": Entry(args=a_draft, allowed=ADMINS),
    "policies:back_test_export": Entry(args=lambda stage: [*a_draft(stage), "csv"], allowed=ADMINS),
    # Reps have what is about their own accounts; decisions are for managers and admins.
    "insight:pareto": Entry(allowed=INSIGHT),
    "insight:migration": Entry(allowed=INSIGHT),
    "insight:time": Entry(allowed=INSIGHT),
    "insight:wallet": Entry(allowed=INSIGHT),
    "insight:reasons": Entry(allowed=REVIEWERS),
    "insight:policy": Entry(args=beside_a_draft, allowed=INSIGHT),
    "insight:accounts": Entry(args=lambda stage: ["rising"], allowed=INSIGHT),
    "insight:accounts_export": Entry(args=lambda stage: ["rising", "csv"], allowed=INSIGHT),
    "insight:export": Entry(args=lambda stage: ["reasons", "csv"], allowed=REVIEWERS),
    "segmentation:changes": Entry(allowed=REVIEWERS),
    "segmentation:change": Entry(args=lambda stage: [stage.change.pk], allowed=REVIEWS_ACME),
    "segmentation:export": Entry(allowed=REVIEWERS),
    # Without a reason the page comes back with the error in place.
    "segmentation:decide_many": Entry(allowed=REVIEWERS, method="POST"),
    "segmentation:undo": Entry(allowed=REVIEWERS, method="POST", ok=302),
    "segmentation:managers": Entry(allowed=ADMINS),
    "segmentation:reasons": Entry(allowed=ADMINS),
    "segmentation:reason_new": Entry(allowed=ADMINS),
    "segmentation:reason": Entry(args=lambda stage: ["delivery"], allowed=ADMINS),
    "segmentation:reason_move": Entry(
        args=lambda stage: ["delivery", 1], allowed=ADMINS, method="POST", ok=302
    ),
    "segmentation:reason_use": Entry(
        args=lambda stage: ["delivery", 0], allowed=ADMINS, method="POST", ok=302
    ),
    "segmentation:comment": Entry(
        args=lambda stage: [stage.change.pk],
        allowed=SEES_ACME,
        method="POST",
        data=lambda stage: {"words": "They build a second hall."},
        ok=302,
    ),
    "segmentation:pin": Entry(args=lambda stage: [stage.change.pk], allowed=REVIEWS_ACME, method="POST"),
}

# The pages whose statements are counted (tests/test_query_counts.py), each as those who live in it.
PAGES: tuple[tuple[str, str], ...] = (
    ("account_change_password", "rita"),
    ("accounts:detail", "rita"),
    ("accounts:detail", "mona"),
    ("accounts:edit", "rita"),
    ("accounts:list", "rita"),
    ("accounts:list", "mona"),
    ("accounts:list", "serge"),
    ("accounts:list", "ada"),
    ("accounts:new", "rita"),
    ("accounts:purchases", "rita"),
    ("accounts:purchases", "mona"),
    ("accounts:purchases", "ada"),
    ("contacts:persons", "rita"),
    ("contacts:persons", "ada"),
    ("contacts:touchpoints", "rita"),
    ("contacts:touchpoints", "mona"),
    ("contacts:touchpoints", "ada"),
    ("accounts:person_edit", "rita"),
    ("accounts:person_new", "rita"),
    ("accounts:purchase", "rita"),
    ("accounts:tab", "rita"),
    ("complaints:board", "rita"),
    ("complaints:board", "mona"),
    ("complaints:board", "serge"),
    ("complaints:list", "rita"),
    ("complaints:list", "mona"),
    ("complaints:list", "serge"),
    ("complaints:move", "rita"),
    ("complaint:page", "rita"),
    ("complaint:page", "mona"),
    ("complaint:page", "serge"),
    ("complaint:correct", "serge"),
    ("complaint:outreach", "rita"),
    ("complaint:outreach", "ada"),
    ("contacts:attainment", "rita"),
    ("contacts:attainment", "mona"),
    ("contacts:attainment_words", "rita"),
    ("contacts:briefing", "mona"),
    ("contacts:coverage", "ada"),
    ("contacts:coverage", "mona"),
    ("contacts:hand_over", "mona"),
    ("contacts:follow_up", "rita"),
    ("upkeep:duplicates", "mona"),
    ("upkeep:merge", "mona"),
    ("upkeep:merge_with", "mona"),
    ("upkeep:person_merge_with", "rita"),
    ("upkeep:team", "rita"),
    ("contacts:log", "rita"),
    ("contacts:log_search", "rita"),
    ("contacts:reschedule", "rita"),
    ("contacts:calendar_feed", "rita"),
    ("contacts:rule", "ada"),
    ("contacts:rule_new", "ada"),
    ("contacts:rules", "ada"),
    ("contacts:rule_effect", "ada"),
    ("contacts:rule_accounts", "ada"),
    ("contacts:workload", "ada"),
    ("contacts:workload", "mona"),
    ("contacts:workload_rep", "mona"),
    ("contacts:workload_move", "mona"),
    ("contacts:restart", "rita"),
    ("contacts:skip", "rita"),
    ("contacts:snooze", "rita"),
    ("contacts:today", "rita"),
    ("contacts:unmet", "rita"),
    ("contacts:wish", "rita"),
    ("contacts:today", "mona"),
    ("contacts:touchpoint", "rita"),
    ("contacts:week", "rita"),
    ("contacts:week", "mona"),
    ("contacts:follow_up_hand_over", "rita"),
    ("contacts:day", "rita"),
    ("contacts:brief", "rita"),
    ("contacts:move", "rita"),
    ("contacts:nearby", "rita"),
    ("filing:accounts", "ada"),
    ("filing:attachment", "rita"),
    ("filing:file", "rita"),
    ("filing:file", "serge"),
    ("filing:lines", "rita"),
    ("filing:purchases", "rita"),
    ("filing:similar", "rita"),
    ("home:me", "rita"),
    ("absences:absence", "mona"),
    ("absences:list", "rita"),
    ("absences:list", "ada"),
    ("absences:minutes", "mona"),
    ("absences:preview", "mona"),
    ("contacts:while_away", "rita"),
    ("holidays:list", "ada"),
    ("home:search", "rita"),
    ("home:search", "ada"),
    ("imports:list", "ada"),
    ("imports:new", "ada"),
    ("imports:preset", "ada"),
    ("imports:presets", "ada"),
    ("imports:result", "ada"),
    ("imports:source", "ada"),
    ("imports:source_new", "ada"),
    ("imports:sources", "ada"),
    ("imports:upload", "ada"),
    ("jobs:job", "ada"),
    ("jobs:list", "ada"),
    ("jobs:now", "ada"),
    ("rates:currency", "ada"),
    ("rates:list", "ada"),
    ("insight:accounts", "mona"),
    ("insight:migration", "mona"),
    ("insight:pareto", "ada"),
    ("insight:pareto", "mona"),
    ("insight:pareto", "rita"),
    ("insight:reasons", "ada"),
    ("insight:reasons", "mona"),
    ("insight:policy", "mona"),
    ("insight:policy", "rita"),
    ("insight:time", "mona"),
    ("learning:reasons", "rita"),
    ("learning:reasons", "mona"),
    ("learning:reasons", "serge"),
    ("learning:time", "mona"),
    ("learning:open", "serge"),
    ("learning:repeaters", "mona"),
    ("learning:costs", "rita"),
    ("learning:costs", "mona"),
    ("learning:again", "mona"),
    ("learning:advice", "mona"),
    ("learning:advice", "ada"),
    ("insight:wallet", "mona"),
    ("policies:back_test", "ada"),
    ("policies:compare", "ada"),
    ("policies:list", "ada"),
    ("policies:moves", "ada"),
    ("policies:policy", "ada"),
    ("segmentation:change", "mona"),
    ("segmentation:changes", "mona"),
    ("segmentation:changes", "ada"),
    ("segmentation:export", "mona"),
    ("segmentation:managers", "ada"),
    ("segmentation:reason", "ada"),
    ("segmentation:reasons", "ada"),
    ("keeping:levels", "ada"),
    ("keeping:level", "ada"),
    ("keeping:policy", "ada"),
    ("keeping:catalogue", "ada"),
    ("keeping:row", "ada"),
)
