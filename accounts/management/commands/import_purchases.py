"""manage.py import_purchases: purchases from a CSV file (docs/domain.md, section 10)."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.importing import PRESETS, ImportRefused, import_file
from accounts.importing.fields import FIELDS, parse_mapping
from accounts.models import ImportKind


class Command(BaseCommand):
    """Reads the arguments and the clock, and says what came of it."""

    help = (
        "Import purchases from a CSV file (comma, semicolon or tab; UTF-8; optionally .gz). "
        "Rows with the same account and number are lines of one purchase; importing it again replaces its lines."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument(
            "--map",
            action="append",
            default=[],
            metavar="FIELD=COLUMN",
            help=f"which column holds a field, repeatable. Fields: {', '.join(FIELDS)}. Nothing after =: do not read",
        )
        parser.add_argument(
            "--preset", default="", metavar="NAME", help=f"columns of a known source: {', '.join(PRESETS)}"
        )
        parser.add_argument(
            "--create-accounts", action="store_true", help="make an account for a code that has none"
        )
        parser.add_argument("--dry-run", action="store_true", help="find the same, write nothing")
        parser.add_argument(
            "--rejected", type=Path, metavar="FILE", help="list rejected rows here, not under VAR_DIR/imports"
        )
        parser.add_argument("--json", action="store_true", help="the summary as JSON, nothing else on stdout")

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        try:
            summary = import_file(
                kind=ImportKind.PURCHASES,
                file=options["file"],
                preset=options["preset"],
                mapping=parse_mapping(options["map"]),
                create_accounts=options["create_accounts"],
                dry_run=options["dry_run"],
                rejected=options["rejected"],
                actor=None,
                now=now,
                today=timezone.localdate(now),
            )
        except ImportRefused as refusal:
            raise CommandError(str(refusal)) from refusal
        if options["json"]:
            self.stdout.write(json.dumps(summary.as_json(), ensure_ascii=False))
        else:
            self.stdout.write(summary.in_words())
        if summary.took_nothing:
            rows = "\n".join(f"  line {line}: {words}" for line, words in summary.first_rejects)
            raise CommandError(
                f"No row could be taken, and nothing was written. The first rejected rows:\n{rows}"
            )
