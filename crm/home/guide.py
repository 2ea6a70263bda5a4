"""Samples for the style guide: made-up customers, every component in every state."""

from __future__ import annotations

import datetime as dt
import re
from types import SimpleNamespace as Sample
from typing import Any

from django import forms
from django.conf import settings
from django.core.paginator import Paginator
from django.http import HttpRequest

from crm.look import charts, pictures
from crm.look.figures import percent
from crm.look.pictures import Bound, Series

TODAY = dt.date(2026, 10, 13)
THOUSANDS = [21, 0, 18, 24, 12, 30, 9, 26, 19, 31, 46.5, 52, 26, 14.4, 31, 0, 0, 0, 38.6, 47, 55.4, 0, 0, 0]
SPRITE = settings.BASE_DIR / "static" / "icons" / "sprite.svg"


def insight_pictures() -> list[str]:
    """One of each picture of the insight pages."""
    quarters = ["Q4 2025", "Q1 2026", "Q2 2026", "Q3 2026"]
    series = [
        Series("This policy", "now", [0.62, 0.64, 0.66, 0.65]),
        Series("In force", "past", [0.6, 0.63, 0.61, 0.6]),
        Series("Plain ABC", "third", [0.7, 0.69, 0.71, 0.7]),
    ]
    points = [(place / 20, 1 - (1 - place / 20) ** 4) for place in range(21)]
    table = charts.behind(["First of the accounts", "Share of sales"], [("20 %", ["59 %"])])
    moves = {("A", "A"): 160, ("A", "B"): 14, ("B", "A"): 9, ("B", "B"): 391, ("", "B"): 37}
    counts = {(0, 0): 40, (1, 1): 90, (2, 1): 12, (2, 2): 25}
    words: dict[str, Any] = {"title": "Sample", "description": "Made-up figures."}
    return [
        pictures.lines(quarters, series, ident="gp1", head="Quarter", shown=percent, high=1, **words),
        pictures.bars(
            quarters, series[:2], ident="gp2", head="Quarter", shown=percent, stacked=False, **words
        ),
        pictures.pareto(points, [Bound("A ends", 0.8, 0.33)], ident="gp3", table=table, **words),
        pictures.migration(moves, [("A", "A"), ("B", "B"), ("", "none")], ident="gp4", **words),
        pictures.grid(
            ["none", "≤ 1 h", "> 1 h"],
            ["≤ 1,000", "≤ 10,000", "> 10,000"],
            counts,
            ident="gp5",
            head="Sales",
            across="contact time",
            **words,
        ),
    ]


class SampleForm(forms.Form):
    """One field of each kind, some of them wrong."""

    name = forms.CharField(label="Account name")
    nip = forms.RegexField(
        r"^\d{10}$", label="NIP", error_messages={"invalid": "A Polish NIP has 10 digits; this one has 9."}
    )
    every = forms.IntegerField(
        label="Every, days", required=False, help_text="Working days do not matter here; the calendar does."
    )
    channel = forms.ChoiceField(label="Channel", choices=[("visit", "Visit"), ("phone", "Phone")])
    owner = forms.CharField(
        label="Owner",
        disabled=True,
        required=False,
        initial="Joanna Krzemińska",
        help_text="Set by the import.",
    )
    due = forms.DateField(label="Due", widget=forms.DateInput(attrs={"type": "date"}))
    tiers = forms.MultipleChoiceField(
        label="Tier", choices=[(t, t) for t in "ABC"], widget=forms.CheckboxSelectMultiple
    )
    note = forms.CharField(label="Note", widget=forms.Textarea(attrs={"rows": 2}))
    greeting = forms.BooleanField(label="Birthday greeting")
    in_force = forms.BooleanField(
        label="In force", widget=forms.CheckboxInput(attrs={"class": "switch", "role": "switch"})
    )


def months(values: list[float]) -> list[tuple[dt.date, int]]:
    """Pairs for the purchases chart, October 2024 to September 2026, from thousands."""
    first = [dt.date(2024 + (9 + at) // 12, (9 + at) % 12 + 1, 1) for at in range(24)]
    return [(day, round(value * 100_000)) for day, value in zip(first, values, strict=True)]


def weeks(hours: list[float], added: float, room: int) -> list[tuple[dt.date, int, int, int]]:
    """Weeks for the workload chart."""
    monday = dt.date(2026, 10, 12)
    return [
        (monday + dt.timedelta(weeks=at), round(hour * 60), round(added * 60), room * 60)
        for at, hour in enumerate(hours)
    ]


def _step(title: str, text: str, tier: str = "", fired: bool = False) -> Sample:
    return Sample(title=title, text=text, tier=tier, fired=fired)


def samples(request: HttpRequest) -> dict[str, Any]:
    """Everything templates/home/styleguide.html shows."""
    form = SampleForm(
        {
            "name": "Młyny „Zbożowa”",
            "nip": "701001234",
            "channel": "visit",
            "due": "2026-10-19",
            "tiers": ["A"],
            "note": "Grows with what is written.\nTwo lines here.",
            "greeting": "on",
            "in_force": "on",
        }
    )
    returns = [value if at % 5 else -value / 3 for at, value in enumerate(THOUSANDS)]
    return {
        "today": TODAY,
        "form": form,
        "icons": re.findall(r'id="i-([^"]+)"', SPRITE.read_text()),
        "swatches": [
            "bg",
            "surface",
            "surface-2",
            "sunken",
            "line",
            "edge",
            "text",
            "text-2",
            "text-3",
            "accent",
            "accent-soft",
            "danger",
            "danger-soft",
            "warn",
            "warn-soft",
            "ok",
            "ok-soft",
            "chart-past",
        ],
        "outcomes": [
            ("new_order", "New order", "cart"),
            ("new_information", "New information", "info"),
            ("relationship", "Relationship only", "heart"),
            ("nothing", "Nothing", "none"),
            ("not_reached", "Not reached", "missed"),
            ("unwelcome", "Unwelcome", "unwelcome"),
        ],
        "reasons": [
            "Competitor cut prices",
            "Delivery problems",
            "Personality conflict",
            "Lost key person",
            "Price driven",
            "Payment trouble",
            "Seasonal",
            "Growing need",
            "Won share",
            "We neglected them",
            "Other",
        ],
        "rows": [
            Sample(
                tier="A",
                name="Browar Zamkowy",
                town="Cieszyn",
                owner="Joanna Krzemińska",
                cents=41_800_000,
                current=False,
            ),
            Sample(
                tier="B",
                name="Debreceni Hőszolgáltató Zrt.",
                town="Debrecen",
                owner="Fehér Zsófia",
                cents=4_100_000,
                current=False,
            ),
            Sample(
                tier="B",
                name="Дунав Пак АД",
                town="Русе",
                owner="Ивайло Димитров",
                cents=14_960_000,
                current=True,
            ),
            Sample(
                tier="C",
                name="Tartak i Suszarnia Bracia Kłos Sp.j.",
                town="Nowy Targ",
                owner="Marek Zieliński",
                cents=-190_000,
                current=False,
            ),
            Sample(
                tier=None,
                name="Тракия Агро Инвест ЕООД",
                town="Пловдив",
                owner="Ивайло Димитров",
                cents=None,
                current=False,
            ),
        ],
        "page": Paginator(range(214), 20).page(4),
        "stats": [
            Sample(label="Revenue, 12 months", value="212,400 zł", note="−38 % on Q2", tone="down"),
            Sample(label="Attainment, tier A", value="87 %", note="+6 on September", tone="up"),
            Sample(label="Missing hours", value="17 h", note="rules 1 and 4 ask for them", tone=""),
        ],
        "tabs": [
            Sample(label="Overview", url="#", current=True, count=None),
            Sample(label="Timeline", url="#", current=False, count=148),
            Sample(label="Purchases", url="#", current=False, count=35),
            Sample(label="Complaints", url="#", current=False, count=0),
        ],
        "steps": [
            _step("Volume", "78.6 % of all value comes from accounts before it; A ends at 80 %.", "A", True),
            _step("Band", "its tier was A already"),
            _step(
                "Systematic and loyal",
                "Bought in 2 of 4 quarters; A needs 3. A customer for 61 months; A needs 24.",
                "B",
                True,
            ),
            _step("Newcomer", "no, 61 months"),
            _step("Sporadic", "no, 2 quarters are enough for B"),
            _step("Payment", "12 % paid late, up to 50 % is allowed"),
            _step("Pin", "none"),
        ],
        "lines": [
            Sample(words="Last visit that reached them, by you", day=dt.date(2026, 8, 28), url=""),
            Sample(
                words="+ 30 days × 1.5, three visits brought nothing", day=dt.date(2026, 10, 12), url="#c-why"
            ),
            Sample(words="her slot: first Tuesday, 10:00", day=dt.date(2026, 11, 3), url=""),
            Sample(words="Due", day=dt.date(2026, 11, 3), url=""),
        ],
        "agenda": [
            Sample(
                icon="repeat",
                words="Regular visit",
                small="46 of 30 days since the last one",
                day=dt.date(2026, 9, 28),
                late=True,
            ),
            Sample(
                icon="promise",
                words="Send the corrected invoice FV/2026/09/0412",
                small="promised by you on 6 October",
                day="today",
                late=True,
            ),
            Sample(
                icon="replace",
                words="Replacement: 4 shaft seals of Pump X",
                small="in service since November 2024",
                day=dt.date(2027, 1, 2),
                late=False,
            ),
        ],
        "entries": [
            Sample(
                icon="phone",
                title="New information · 15 min",
                text="Budget for 2027 is open until the end of November.",
                day=dt.date(2026, 10, 1),
                who="you",
            ),
            Sample(
                icon="heart",
                title="Pulse: 3 of 5",
                text="“Good pumps, but I have to chase the deliveries.”",
                day=dt.date(2026, 9, 2),
                who="",
            ),
        ],
        "bars": charts.monthly_bars(months(THOUSANDS), ident="g", wide=True),
        "returns": charts.monthly_bars(months(returns), ident="gr"),
        "flow": charts.flow(
            [("A", "B", 14), ("A", "C", 2), ("B", "A", 9), ("B", "C", 19), ("C", "B", 12), (None, "B", 5)],
            ident="gf",
        ),
        "pictures": insight_pictures(),
        "workload": [
            charts.weekly_hours(
                weeks([17, 16, 16.8, 14.2, 12.7, 15.5, 16.5, 15.7], 2.5, 20),
                ident="gw1",
                title="J. Krzemińska: contact hours per week",
                name="J. Krzemińska",
                verdict="fits",
                maximum=1800,
            ),
            charts.weekly_hours(
                weeks([18.5, 19.5, 19.8, 16.7, 14.7, 19.2, 19.7, 18.7], 3.4, 20),
                ident="gw2",
                title="M. Zieliński: contact hours per week",
                name="M. Zieliński",
                verdict="17 h too much",
                maximum=1800,
            ),
        ],
        "toasts": [
            Sample(level_tag="success", extra_tags="undo:#", text="Logged: Browar Zamkowy, new order."),
            Sample(level_tag="error", extra_tags="", text="Not saved: the day lies in the past."),
        ],
        "hidden": {"act": "force"},
        "numbers": Sample(cents=-123456780, share=0.786, change=-0.384, minutes=160),
    }
