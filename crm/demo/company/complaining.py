"""Complaints and questions with their histories: closed ones of eighteen months, and a living set of open ones.

The open ones stand where they stand at the moment `now`: how much of their time is used decides when they began.
"""

from __future__ import annotations

import datetime as dt
import random
from bisect import bisect_left
from collections import Counter, defaultdict

from django.utils import timezone

from accounts.models import Account, ContactPerson, Product, Purchase
from complaints import clock
from complaints.facts import refresh_open_complaints
from complaints.models import (
    State,
)
from complaints.working_hours import WorkingTime, minute_of, moment_of
from crm.demo import complaining
from crm.demo.buying import Bought
from crm.demo.company.bulk import moment
from crm.demo.company.complaint_rows import Writer, write
from crm.demo.company.drawing import Company
from crm.demo.company.staff import Staff
from crm.demo.complaining import BATCH, Story
from crm.demo.contacting import Complained, complaint_words, words

GRUMBLES = 5
"""Who complained so often in eighteen months is now and then suspected of bad faith."""


def write_complaints(
    company: Company,
    staff: Staff,
    rows: list[Account],
    persons: list[list[ContactPerson]],
    purchases: list[list[Purchase]],
    articles: dict[str, Product],
    *,
    now: dt.datetime,
    seed: int,
) -> int:
    """All of them, with steps, messages and decisions, numbered in the order in which they came; how many."""
    writer = Writer(company, staff, rows, persons, purchases, articles, now)
    for place, all_of in enumerate(company.complaints):
        for at, complained in enumerate(all_of):
            rng = random.Random(f"complaint {seed} {company.customers[place].code} {at}")
            if complained.closed:
                _closed(writer, place, complained, rng)
            else:
                _taken_up(writer, place, complained, rng)
    _stories(writer, random.Random(f"complaints {seed}"))
    write(writer)
    clock.refresh(complaint_ids=[complaint.pk for complaint in writer.complaints])
    refresh_open_complaints(account_ids=[row.pk for row in rows])
    return len(writer.complaints)


# Histories ----------------------------------------------------------------------------------------------------------
def _closed(writer: Writer, place: int, complained: Complained, rng: random.Random) -> None:
    assert complained.closed is not None
    zone = str((writer.owner(place) or writer.agent(place)).time_zone)
    at = moment(complained.opened, rng.randint(8 * 60 + 20, 14 * 60), zone)
    end = moment(complained.closed, rng.randint(14 * 60 + 30, 15 * 60 + 50), zone)
    time = writer.time(place)
    worked = max(60, time.between(at, end))

    def after(share: float) -> dt.datetime:
        return min(end, time.after(at, max(1, round(worked * share))))

    one = writer.begin(
        place, at, rng=rng, category=complained.category, said=complained.words, bought=complained.purchase
    )
    cause = complaining.cause_of(rng, complained.category, batch=False)
    answered = time.after(at, rng.choice((20, 45, 90, 150, 240, 400, 600)))
    answered = min(answered, after(0.3))
    writer.step(one, State.ACKNOWLEDGED, answered, one.assignee)
    writer.say(one, "told", rng.choice(complaining.TOLD), answered, rng)
    writer.step(one, State.IN_PROGRESS, after(0.35), one.assignee)
    if rng.random() < 0.3:
        writer.step(one, State.WAITING, after(0.45), one.assignee, rng.choice(complaining.ASKED_FOR))
        writer.say(one, "heard", rng.choice(complaining.HEARD), after(0.6), rng)
        writer.step(one, State.IN_PROGRESS, after(0.6), one.assignee)
    if rng.random() < 0.4:
        writer.say(one, "internal", rng.choice(complaining.INTERNAL), after(0.65), rng)
    writer.decide(one, after(0.75), rng, cause)
    writer.resolve(one, after(0.92), rng, cause)
    writer.step(one, State.CLOSED, end, one.assignee)
    one.closed_on = max(complained.closed, one.opened_on)
    if len(writer.company.complaints[place]) >= GRUMBLES:
        one.suspected_bad_faith = rng.random() < 0.25
    asked = one.closed_on + dt.timedelta(days=7)
    if asked < timezone.localdate(writer.now) and rng.random() < 0.8:
        one.solved, one.solved_on = rng.choices(("yes", "partly", "no"), (80, 13, 7))[0], asked


def _taken_up(writer: Writer, place: int, complained: Complained, rng: random.Random) -> None:
    zone = str((writer.owner(place) or writer.agent(place)).time_zone)
    at = moment(complained.opened, rng.randint(8 * 60 + 20, 12 * 60), zone)
    one = writer.begin(
        place, at, rng=rng, category=complained.category, said=complained.words, bought=complained.purchase
    )
    time = writer.time(place)
    answered = time.after(at, rng.choice((30, 80, 200)))
    if answered < writer.now:
        writer.step(one, State.ACKNOWLEDGED, answered, one.assignee)
        writer.say(one, "told", rng.choice(complaining.TOLD), answered, rng)
        started = time.after(answered, 60)
        if started < writer.now:
            writer.step(one, State.IN_PROGRESS, started, one.assignee)


# The living set -----------------------------------------------------------------------------------------------------
def _stories(writer: Writer, rng: random.Random) -> None:
    places = _desks(writer, rng)
    faulty = _faulty_article(writer)
    number = min(len(complaining.OPEN), len(writer.rows) // complaining.AN_ACCOUNT_IN)
    for story in complaining.OPEN[:number]:
        about_batch = story.batch and faulty is not None
        place = next(
            (one for one in places if not about_batch or _last_of(writer, one, faulty) is not None), None
        )
        if place is None:
            continue
        places.remove(place)
        bought = _last_of(writer, place, faulty) if about_batch else _last_of(writer, place, None)
        _tell(writer, place, story, rng, bought, batch=about_batch)


def _desks(writer: Writer, rng: random.Random) -> list[int]:
    """Owned accounts that were delivered to lately and complain of nothing, one of each rep in turn."""
    today = timezone.localdate(writer.now)
    by_owner: dict[int, list[int]] = defaultdict(list)
    for place in range(len(writer.rows)):
        owner, bought = writer.owner(place), writer.company.purchases[place]
        delivered = [one.delivered for one in bought if one.delivered]
        if owner is None or any(one.closed is None for one in writer.company.complaints[place]):
            continue
        if delivered and 5 <= (today - max(delivered)).days <= 200 and bought[-1].amount > 0:
            by_owner[owner.pk].append(place)
    for places in by_owner.values():
        rng.shuffle(places)
    turns = [by_owner[pk] for pk in sorted(by_owner)]
    longest = max(map(len, turns), default=0)
    return [places[turn] for turn in range(longest) for places in turns if turn < len(places)]


def _faulty_article(writer: Writer) -> str | None:
    """The code of the machine that most accounts bought lately."""
    today = timezone.localdate(writer.now)
    buyers: Counter[str] = Counter()
    for all_of in writer.company.purchases:
        bought = {
            line.article.code
            for one in all_of
            if one.delivered and (today - one.delivered).days <= 400
            for line in one.lines
            if line.article.complexity >= 3
        }
        buyers.update(bought)
    return min(buyers, key=lambda code: (-buyers[code], code), default=None)


def _last_of(writer: Writer, place: int, article: str | None) -> int | None:
    """The place of the account's last delivered purchase, of the article where one is named."""

    def fits(one: Bought) -> bool:
        return bool(one.delivered) and (article is None or one.lines[0].article.code == article)

    return next(
        (at for at, one in reversed([*enumerate(writer.company.purchases[place])]) if fits(one)), None
    )


def _tell(
    writer: Writer, place: int, story: Story, rng: random.Random, bought: int | None, *, batch: bool
) -> None:
    time, now = writer.time(place), writer.now
    customer, person = writer.company.customers[place], writer.company.persons[place][0]
    question = story.kind == "question"
    category = "question" if question else "quality"
    if not question and not batch:
        category = rng.choice(
            ("quality", "not_as_ordered", "late_delivery", "promise_not_kept", "lacks_feature")
        )
    level = writer.levels.of(tier=_tier(writer, place), category=category)
    whole = level.response if story.state == "new" else level.resolution
    stood = rng.randint(200, 900) if story.state in {"waiting", "resolved", "reopened"} else 0
    used = max(2, round(whole * story.share))
    at = _before(time, now, used + stood)
    about = writer.company.purchases[place][bought] if bought is not None else None
    subject = ""
    today = timezone.localdate(at)
    article = about.lines[0].article.name if about else None
    if question:
        subject, said = rng.choice(complaining.QUESTIONS)
        subject, said = (
            words(rng, text, customer, person, today, article=article) for text in (subject, said)
        )
    elif batch:
        said = words(rng, rng.choice(complaining.BATCH_WORDS), customer, person, today, article=article)
    else:
        assert about is not None
        said = complaint_words(rng, category, customer, person, today, about)
    one = writer.begin(
        place,
        at,
        rng=rng,
        category=category,
        said=said,
        bought=bought,
        kind=story.kind,
        subject=subject,
        batch=BATCH if batch else "",
    )
    if story.state == "new":
        return
    cause = "" if question else complaining.cause_of(rng, category, batch=batch)

    def after(share: float) -> dt.datetime:
        return time.after(at, max(1, round(used * share)))

    answered = time.after(at, min(max(1, round(level.response * 0.6)), max(1, round(used * 0.3))))
    writer.step(one, State.ACKNOWLEDGED, answered, one.assignee)
    writer.say(one, "told", rng.choice(complaining.TOLD), answered, rng)
    if story.state == "acknowledged":
        return
    writer.step(one, State.IN_PROGRESS, after(0.4), one.assignee)
    writer.say(one, "internal", rng.choice(complaining.INTERNAL), after(0.5), rng)
    if story.state == "waiting":
        writer.step(one, State.WAITING, after(1), one.assignee, rng.choice(complaining.ASKED_FOR))
    elif story.state == "pending":
        writer.decide(one, after(0.8), rng, cause, pending=True)
    elif story.state in {"decided", "resolved", "reopened"}:
        if not question:
            writer.decide(one, after(0.8), rng, cause)
        if story.state != "decided":
            writer.resolve(one, after(0.95), rng, cause)
        if story.state == "reopened":
            writer.step(one, State.REOPENED, _before(time, now, 60), one.taken_by, "It leaks again.")
            one.resolved_on = None


def _tier(writer: Writer, place: int) -> str:
    """The tier that the account will likely have: it has none before its quarters are tiered."""
    attention = writer.company.attention[place]
    return attention if attention in {"A", "B", "C"} else ""


def _before(time: WorkingTime, now: dt.datetime, minutes: int) -> dt.datetime:
    """The last minute from which so many working minutes have gone until now."""
    last = minute_of(now)
    first = last - 400 * 24 * 60
    # Fewer minutes have gone the later one looks, so what is searched is in order.
    place = bisect_left(
        range(first, last), 1 - minutes, key=lambda minute: -time.between(moment_of(minute), now)
    )
    return moment_of(first + max(0, place - 1))
