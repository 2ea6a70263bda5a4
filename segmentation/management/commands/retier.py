"""manage.py retier: one tiering run, or what it would find (docs/domain.md, 4.3 and 10)."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import Count, Sum
from django.utils import timezone

from accounts.models import Tier
from crm.jobs.arguments import a_day
from segmentation.errors import SegmentationError
from segmentation.models import TieringRun, TierPolicy
from segmentation.policies import draft_policy
from segmentation.simulation import outline
from segmentation.tiering import run_tiering


class Command(BaseCommand):
    """One run as of the end of a day; asked again for the same day it changes nothing and says so."""

    help = "Compute all tiers as of the end of a day. One run per day: asked again it changes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--as-of", type=a_day, required=True, metavar="YYYY-MM-DD")
        parser.add_argument("--simulate", action="store_true", help="Say what would be found; write nothing.")
        parser.add_argument(
            "--policy",
            type=Path,
            metavar="FILE",
            help="JSON object of thresholds; those not named stay as they are in force. The run puts it in force.",
        )
        parser.add_argument("--json", action="store_true", help="Machine-readable summary on stdout.")

    def handle(self, *args: Any, **options: Any) -> None:
        as_of: dt.date = options["as_of"]
        try:
            draft = draft_policy(_read(options["policy"])) if options["policy"] else None
            if options["simulate"]:
                summary = _simulated(as_of, draft)
            else:
                summary = _made(as_of, draft)
        except SegmentationError as error:
            raise CommandError(str(error)) from None
        self.stdout.write(json.dumps(summary) if options["json"] else _words(summary))


def _read(path: Path) -> dict[str, Any]:
    try:
        # Shares stay as they are written: 0.8 is 8,000 basis points, whatever a float makes of it.
        thresholds = json.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror}.") from None
    except ValueError as error:
        raise CommandError(f"{path}: no JSON: {error}.") from None
    if not isinstance(thresholds, dict):
        raise CommandError(f"{path}: a JSON object of thresholds is needed, such as {{'band': 0.02}}.")
    return thresholds


def _made(as_of: dt.date, draft: TierPolicy | None) -> dict[str, Any]:
    now = timezone.now()
    run = run_tiering(as_of=as_of, today=_today(now), now=now, policy=draft)
    return _summary(run) | {"new": run.completed_at == now}


def _today(now: dt.datetime) -> dt.date:
    """The company's local date."""
    return timezone.localdate(now, timezone=timezone.get_default_timezone())


def _summary(run: TieringRun) -> dict[str, Any]:
    tiers = dict(run.assessments.order_by().values_list("tier").annotate(Count("pk")))
    changes = dict(run.changes.order_by().values_list("state").annotate(Count("pk")))
    return {
        "as_of": run.as_of.isoformat(),
        "simulated": False,
        "run": run.pk,
        "policy": run.policy.version,
        "state": run.state,
        "review_until": run.review_until.isoformat(),
        "assessed": sum(tiers.values()),
        "revenue_cents": run.assessments.aggregate(sum=Sum("revenue_cents"))["sum"] or 0,
        "tiers": {tier or "none": tiers.get(tier, 0) for tier in (*Tier.values, None)},
        "changes": changes,
    }


def _simulated(as_of: dt.date, draft: TierPolicy | None) -> dict[str, Any]:
    policy = draft or TierPolicy.objects.filter(in_force=True).first() or TierPolicy()
    found = outline(as_of=as_of, policy=policy, today=_today(timezone.now()))
    return {
        "as_of": as_of.isoformat(),
        "simulated": True,
        "assessed": found.assessed,
        "revenue_cents": found.revenue_cents,
        "tiers": {tier or "none": accounts for tier, (accounts, _cents) in found.tiers.items()},
        "moves": [
            {"from": before or "none", "to": after or "none", "accounts": accounts, "revenue_cents": cents}
            for before, after, accounts, cents in found.moves
        ],
    }


def _words(summary: dict[str, Any]) -> str:
    tiers = ", ".join(f"{tier} {accounts}" for tier, accounts in summary["tiers"].items())
    assessed = f"As of {summary['as_of']}: {summary['assessed']} accounts, {tiers}."
    if summary["simulated"]:
        moves = "\n".join(
            f"  {move['from']} -> {move['to']}: {move['accounts']}" for move in summary["moves"]
        )
        return f"{assessed} Nothing was written.\n{moves}" if moves else f"{assessed} Nothing was written."
    changes = ", ".join(f"{state} {count}" for state, count in sorted(summary["changes"].items())) or "none"
    made = "Made." if summary["new"] else "The run was there already; nothing was done."
    return f"{assessed} Changes: {changes}. {made}"
