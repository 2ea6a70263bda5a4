"""manage.py undo_import: takes an import back (docs/domain.md, section 10)."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.importing import ImportRefused, undo_import
from accounts.models import Import, ImportedRow


class Command(BaseCommand):
    """Reads the arguments and the clock, and says what came of it."""

    help = (
        "Take an import back: what it created goes, what it changed goes back, unless it has been used since."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("id", type=int, metavar="ID", help="the number that the import's summary names")
        parser.add_argument("--dry-run", action="store_true", help="find the same, write nothing")
        parser.add_argument(
            "--json", action="store_true", help="what came of it as JSON, nothing else on stdout"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        imported = Import.objects.filter(pk=options["id"]).first()
        if imported is None:
            raise CommandError(f"There is no import {options['id']}.")
        now = timezone.now()
        try:
            undone = undo_import(
                imported=imported,
                actor=None,
                now=now,
                today=timezone.localdate(now),
                dry_run=options["dry_run"],
            )
        except ImportRefused as refusal:
            raise CommandError(str(refusal)) from refusal
        if options["json"]:
            self.stdout.write(json.dumps(undone.as_json(), ensure_ascii=False))
            return
        names = dict(ImportedRow.Target.choices)
        for title, counts in (("Removed", undone.removed), ("As before again", undone.restored)):
            for target, count in counts.items():
                self.stdout.write(f"{title}: {count:,} ({names[target]})")
        for kept in undone.kept:
            examples = ", ".join(kept.examples) + (", …" if kept.count > len(kept.examples) else "")
            self.stdout.write(f"Stays: {kept.count:,} ({names[kept.target]}, {kept.reason}: {examples})")
        if undone.nothing:
            self.stdout.write("There was nothing to take back.")
        if undone.dry_run:
            self.stdout.write("This was a dry run: nothing was written.")
