"""What was measured against what was aimed at, as a table; as JSON; and against the last time."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

REGRESSION = 0.10
"""A figure that got worse by more than this share since the last time is marked."""
SAME_BYTES = 0.03
"""Pages of a small and a large company may differ by so much: ids and sums have more digits."""


@dataclass(frozen=True)
class Figure:
    """One line of the report. goal, limit: what the figure may be at most (at_least: at least); None: none is set."""

    name: str
    value: float | None
    unit: str
    goal: float | None = None
    limit: float | None = None
    at_least: bool = False
    note: str = ""
    """Stands behind the verdict."""
    quiet: bool = False
    """Shown only where it misses its goal or got worse."""

    @property
    def verdict(self) -> str:
        if self.value is None:
            return "not measured"
        if self.goal is None:
            return ""
        if self._holds(self.goal):
            return "ok"
        return "over the goal" if self.limit is not None and self._holds(self.limit) else "MISSED"

    def _holds(self, bound: float) -> bool:
        assert self.value is not None
        return self.value >= bound if self.at_least else self.value <= bound

    def worse_than(self, before: float) -> bool:
        """Whether it is a regression against an earlier value."""
        if self.value is None or not before or self.goal is None:
            return False
        change = self.value / before
        return change < 1 - REGRESSION if self.at_least else change > 1 + REGRESSION


def figures(sizes: dict[str, dict[str, Any]]) -> Iterator[Figure]:
    """Every figure of the runs, by size ("full", "small", "1,000,000" ...)."""
    full = sizes["full"]
    yield from _job_figures(full)
    yield from _import_figures(full.get("import"))
    yield from _page_figures(full.get("pages", {}), sizes.get("small", {}).get("pages"))
    yield from _growth(sizes)


def _job_figures(full: dict[str, Any]) -> Iterator[Figure]:
    floor = full.get("floor", {}).get("s")
    floor_processor = full.get("floor", {}).get("processor s")

    def in_f(part: dict[str, Any] | None, key: str = "s") -> float | None:
        of = floor if key == "s" else floor_processor
        return round(part[key] / of, 2) if part and of else None

    yield Figure("F, the floor", floor, "s")
    retier, frames = full.get("retier"), full.get("pandas")
    yield Figure("retier", in_f(retier), "F", 10, 14, note=_seconds(retier))
    yield Figure("retier, processor time", in_f(retier, "processor s"), "F", note=_wrote(retier))
    yield Figure("pandas, evidence and ladder", in_f(frames), "F", note=_seconds(frames))
    if retier and frames:
        yield Figure("retier quicker than pandas", round(frames["s"] / retier["s"], 2), "x", 5, at_least=True)
        yield Figure("tiers or trails on which pandas differs", frames["tiers or trails that differ"], "", 0)
    planning = full.get("planning") or {}
    first, same = planning.get("first"), planning.get("nothing changed")
    yield Figure("planning, all accounts for the first time", in_f(first), "F", 12, 15, note=_seconds(first))
    yield Figure("planning, first time, processor time", in_f(first, "processor s"), "F")
    yield Figure("planning, nothing changed", in_f(same), "F", 4, note=_seconds(same))
    yield Figure(
        "planning, nothing changed, every account looked at",
        in_f(planning.get("nothing changed, every account looked at")),
        "F",
    )
    yield Figure("planning, the next day", in_f(planning.get("next day")), "F")
    yield Figure("accounts with something planned", planning.get("accounts with an item"), "of 1")
    weeks = planning.get("levelled") or {}
    yield Figure(
        "overfull weeks of which something could stand elsewhere",
        weeks.get("with what could stand elsewhere"),
        "",
        0,
        note=", ".join(
            f"{count:,} {what}" for what, count in weeks.items() if what in ("rep-weeks", "overfull")
        ),
    )


def _seconds(part: dict[str, Any] | None) -> str:
    return f"{part['s']:.2f} s, of which processor {part['processor s']:.2f}" if part else ""


def _wrote(part: dict[str, Any] | None) -> str:
    return ", ".join(f"{count:,} {what}" for what, count in part["wrote"].items()) if part else ""


def _import_figures(found: dict[str, Any] | None) -> Iterator[Figure]:
    if not found:
        yield Figure("import against COPY", None, "x")
        return
    rows = found["rows"]
    speed = {
        kind: found[kind].get("rows", rows) / found[kind]["s"] for kind in ("import", "copy", "bulk_create")
    }
    yield Figure("import", round(speed["import"]), "rows/s")
    yield Figure("COPY of the same rows", round(speed["copy"]), "rows/s")
    yield Figure("bulk_create(5000) of the same rows", round(speed["bulk_create"]), "rows/s")
    yield Figure("import against COPY", round(speed["import"] / speed["copy"], 3), "x", 0.25, at_least=True)
    yield Figure(
        "import against bulk_create", round(speed["import"] / speed["bulk_create"], 2), "x", 2, at_least=True
    )


_GOALS = {"today": (3, 10), "list": (2.5, 8), "account": (4, 14)}


def _page_figures(full: dict[str, Any], small: dict[str, Any] | None) -> Iterator[Figure]:
    if not full:
        return
    yield Figure("P: signed in, 50 rows from one query", full["P"]["ms"], "ms")
    yield Figure("P, queries", full["P"]["queries"], "queries")
    yield Figure("P, bytes", full["P"]["bytes"], "bytes")
    differing = []
    for key, page in full.items():
        if key == "P":
            continue
        if page["status"] != 200:
            yield Figure(f"{key}: answers {page['status']}", None, "P")
            continue
        in_p, queries = _GOALS.get(page["kind"], (None, None))
        note = (
            f"{page['ms']:.1f} ms, {page['queries']} queries, {page['bytes'] / 1000:.0f} kB;"
            f" processor {page['in P, processor']} P"
        )
        yield Figure(key, page["in P"], "P", in_p, note=note)
        yield Figure(f"{key}, queries", page["queries"], "queries", queries, quiet=True)
        other = (small or {}).get(key)
        if other and other["status"] == 200:
            off = abs(other["bytes"] - page["bytes"]) / page["bytes"]
            if other["queries"] != page["queries"] or off > SAME_BYTES:
                differing.append(
                    f"{key}: {other['queries']} / {page['queries']} queries, {other['bytes']} / {page['bytes']} bytes"
                )
    if small:
        words = "pages with other queries or bytes at 10,000 than at 200,000 accounts"
        yield Figure(words, len(differing), "", 0, note="; ".join(differing))


def _growth(sizes: dict[str, dict[str, Any]]) -> Iterator[Figure]:
    large, little = sizes.get("1,000,000"), sizes.get("50,000")
    if large and little:
        each = [one["retier"]["s"] / one["database"]["accounts"] for one in (large, little)]
        yield Figure(
            "retier, cost per account at 1,000,000 against 50,000", round(each[0] / each[1], 3), "x", 1.15
        )


def table(found: list[Figure], before: dict[str, float]) -> str:
    """The report in words. before: figures of the last time, by name."""
    rows = [("what", "figure", "goal", "limit", "last time", "verdict")]
    for one in found:
        last = before.get(one.name)
        mark = (
            f"  worse than last time by more than {REGRESSION:.0%}" if last and one.worse_than(last) else ""
        )
        sign = "≥ " if one.at_least else "≤ "
        rows.append(
            (
                one.name,
                f"{_number(one.value)} {one.unit}".strip(),
                f"{sign}{_number(one.goal)}" if one.goal is not None else "",
                f"{sign}{_number(one.limit)}" if one.limit is not None else "",
                _number(last) if last is not None else "",
                f"{one.verdict}{mark}{'  ' if one.note else ''}{one.note}",
            )
        )
    widths = [max(len(row[place]) for row in rows) for place in range(5)]
    return "\n".join(
        "  ".join(
            [
                row[0].ljust(widths[0]),
                *(row[place].rjust(widths[place]) for place in range(1, 5)),
                row[5],
            ]
        ).rstrip()
        for row in rows
    )


def keep(
    folder: Path, stamp: str, record: dict[str, Any], found: list[Figure], *, kind: str
) -> dict[str, float]:
    """Write `stamp`.json and a line of history.jsonl; returns the figures of the last run of the same kind."""
    folder.mkdir(parents=True, exist_ok=True)
    history = folder / "history.jsonl"
    lines = history.read_text().splitlines() if history.exists() else []
    before = next((past["figures"] for past in map(json.loads, reversed(lines)) if past["kind"] == kind), {})
    values = {one.name: one.value for one in found if one.value is not None}
    whole = record | {
        "kind": kind,
        "at": stamp,
        "figures": [asdict(one) | {"verdict": one.verdict} for one in found],
    }
    (folder / f"{stamp}.json").write_text(json.dumps(whole, indent=1, ensure_ascii=False))
    with history.open("a") as out:
        out.write(json.dumps({"at": stamp, "kind": kind, "figures": values}, ensure_ascii=False) + "\n")
    return before


def _number(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:,.0f}" if value == int(value) or abs(value) >= 100 else f"{value:,.3g}"
