"""manage.py plan_contacts: fire triggers, then plan the follow-ups of all accounts (docs/domain.md, 5 and 10)."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from contacts.planning import plan
from contacts.triggers import fire
from crm.jobs.arguments import a_day


class Command(BaseCommand):
    """What is due becomes follow-ups; run again it finds nothing to do."""

    help = (
        "Ask for the contacts that follow events, then plan the follow-ups of all accounts for the next six weeks. "
        "Run again it changes nothing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--as-of",
            type=a_day,
            metavar="YYYY-MM-DD",
            help="Plan as on this day; without it, today in the company's time zone.",
        )
        parser.add_argument(
            "--thorough",
            action="store_true",
            help="Look at every account, not only at those for which something may have changed since the last time.",
        )
        parser.add_argument("--json", action="store_true", help="Machine-readable summary on stdout.")

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        today = options["as_of"] or timezone.localdate(now, timezone=timezone.get_default_timezone())
        fired = fire(today=today, now=now)
        planned = plan(today=today, now=now, thorough=options["thorough"])
        summary = {"as_of": today.isoformat(), "fired": fired.fired, "asked": fired.asked, **asdict(planned)}
        if options["json"]:
            self.stdout.write(json.dumps(summary))
        else:
            self.stdout.write(
                f"As of {summary['as_of']}: {fired.fired} events, {planned.created} created, {planned.moved} moved, "
                f"{planned.kept} kept, {planned.withdrawn} withdrawn."
            )
