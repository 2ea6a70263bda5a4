"""manage.py import_rates: exchange rates from lines of currency;day;rate."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.rates import RatesRefused, read_lines, save_rates


class Command(BaseCommand):
    """Reads the file and says what came of it."""

    help = (
        "Import exchange rates: lines of currency;day;rate, a rate being what one unit is worth in the base currency. "
        "All or nothing. Purchases keep the rate they were imported with; import their file again to reckon them anew."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument("--json", action="store_true", help="the summary as JSON, nothing else on stdout")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            saved = save_rates(rates=read_lines(options["file"].read_text(encoding="utf-8-sig")), actor=None)
        except RatesRefused as refusal:
            raise CommandError(f"Nothing was written.\n{refusal}") from refusal
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"{options['file']} cannot be read: {error}") from error
        if options["json"]:
            self.stdout.write(json.dumps(asdict(saved)))
        else:
            self.stdout.write(
                f"Rates: {saved.new} new, {saved.changed} corrected, {saved.unchanged} as they were."
            )
