"""What the commands that import a file have in common (docs/domain.md, section 10)."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any, ClassVar

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.importing import PRESETS, ImportRefused, import_file
from accounts.importing.fields import FIELDS_OF, parse_mapping
from accounts.importing.recognising import ReadingOptions
from accounts.models import ImportKind, ImportPreset

_READING = ("encoding", "delimiter", "decimal", "dates", "sheet")
_DELIMITERS = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "pipe": "|"}


class ImportCommand(BaseCommand):
    """Reads the arguments and the clock, and says what came of it."""

    kind: ClassVar[ImportKind]
    creates_accounts: ClassVar[bool] = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        fields = ", ".join(spec.name for spec in FIELDS_OF[self.kind])
        known = ", ".join(name for name, preset in PRESETS.items() if preset.kind == self.kind)
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument(
            "--map",
            action="append",
            default=[],
            metavar="FIELD=COLUMN",
            help=f"which column holds a field, repeatable. Fields: {fields}. Nothing after =: do not read",
        )
        parser.add_argument(
            "--preset",
            default="",
            metavar="NAME",
            help="columns of a known source: one saved on the import page"
            + (f", or {known}" if known else ""),
        )
        if self.creates_accounts:
            parser.add_argument(
                "--create-accounts", action="store_true", help="make an account for a code that has none"
            )
        parser.add_argument("--dry-run", action="store_true", help="find the same, write nothing")
        parser.add_argument(
            "--rejected", type=Path, metavar="FILE", help="list rejected rows here, not under VAR_DIR/imports"
        )
        parser.add_argument("--json", action="store_true", help="the summary as JSON, nothing else on stdout")
        for name in _READING:
            choices = ReadingOptions.CHOICES.get(name, ())
            parser.add_argument(
                f"--{name}",
                default="",
                metavar=name.upper(),
                help="recognised where not given"
                + (f": {', '.join(map(_shown, choices))}" if choices else ""),
            )

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        try:
            saved = ImportPreset.objects.filter(kind=self.kind, name=options["preset"]).first()
            reading = {name: options[name] for name in _READING if options[name]}
            if "delimiter" in reading:
                reading["delimiter"] = _DELIMITERS.get(reading["delimiter"], reading["delimiter"])
            mapping = parse_mapping(options["map"], kind=self.kind)
            summary = import_file(
                kind=self.kind,
                file=options["file"],
                options=ReadingOptions.from_json((saved.reading if saved else {}) | reading),
                preset="" if saved else options["preset"],
                mapping=(saved.mapping if saved else {}) | mapping,
                create_accounts=options.get("create_accounts", False)
                or bool(saved and saved.create_accounts),
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


def _shown(choice: str) -> str:
    return "tab" if choice == "\t" else choice
