"""manage.py export_assessments: one run's assessments as CSV on stdout (docs/domain.md, 10)."""

from __future__ import annotations

import csv
import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from crm.jobs.arguments import a_day
from segmentation.exporting import assessment_lines
from segmentation.models import TieringRun


class Command(BaseCommand):
    """The assessments of the run as of a day."""

    help = "Write the assessments of the run as of a day to stdout, as CSV."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--as-of", type=a_day, required=True, metavar="YYYY-MM-DD")
        parser.add_argument("--json", action="store_true", help="The same rows as a JSON array of objects.")

    def handle(self, *args: Any, **options: Any) -> None:
        run = TieringRun.objects.filter(as_of=options["as_of"]).first()
        if run is None:
            raise CommandError(
                f"There is no run as of {options['as_of']}; make it with: manage.py retier --as-of …"
            )
        lines = assessment_lines(run)
        if options["json"]:
            rows = list(csv.DictReader(lines))
            self.stdout.write(json.dumps(rows))
            return
        for line in lines:
            self.stdout.write(line, ending="")
