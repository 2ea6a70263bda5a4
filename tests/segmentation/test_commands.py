"""manage.py retier and export_assessments (docs/domain.md, 10)."""

from __future__ import annotations

import datetime as dt
import io
import json
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command

from crm.team.models import User
from segmentation.models import TierAssessment, TieringRun, TierPolicy
from tests.segmentation.company import write
from tests.segmentation.test_ladder import loyal
from tests.support import oracle
from tests.support.oracle import Customer, Thresholds

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("company")]


@pytest.fixture
def company(db: None) -> list[Customer]:
    boss = User.objects.create_user("boss@example.com", "x", role="admin")
    made = [loyal("x", 8000), loyal("ą", 1500, seasonal=True), loyal("y", 500), Customer("o")]
    write(made, actor=boss)
    return made


def retier(*arguments: str) -> dict[str, Any]:
    out = io.StringIO()
    call_command("retier", *arguments, "--json", stdout=out)
    assert out.getvalue().count("\n") == 1
    return json.loads(out.getvalue())  # type: ignore[no-any-return]


@time_machine.travel(dt.datetime(2026, 10, 1, 2, tzinfo=dt.UTC))
def test_a_run_and_its_export(company: list[Customer]) -> None:
    summary = retier("--as-of", "2026-09-30")
    assert summary["new"] is True and summary["assessed"] == 4 and summary["revenue_cents"] == 10_000
    assert summary["tiers"] == {"A": 1, "B": 1, "C": 1, "none": 1} and summary["changes"] == {"applied": 3}
    assert retier("--as-of", "2026-09-30")["new"] is False
    out = io.StringIO(newline="")
    call_command("export_assessments", "--as-of", "2026-09-30", stdout=out)
    assert out.getvalue() == oracle.export(oracle.assess(company, Thresholds(), dt.date(2026, 9, 30)))
    assert out.getvalue().splitlines()[1] == "o,,0.00,0.00,,0,0,,,,,"
    out = io.StringIO()
    call_command("retier", "--as-of", "2026-09-30", stdout=out)
    assert "nothing was done" in out.getvalue()


@time_machine.travel(dt.datetime(2026, 10, 1, 2, tzinfo=dt.UTC))
def test_a_simulation_writes_nothing(tmp_path: Path) -> None:
    file = tmp_path / "policy.json"
    file.write_text('{"a_share": 0.9, "a_min_tenure_months": 0}')
    summary = retier("--as-of", "2026-09-30", "--simulate", "--policy", str(file))
    assert summary["tiers"] == {"A": 2, "B": 0, "C": 1, "none": 1}
    assert {"from": "none", "to": "A", "accounts": 2, "revenue_cents": 9500} in summary["moves"]
    assert (
        not TieringRun.objects.exists()
        and not TierPolicy.objects.exists()
        and not TierAssessment.objects.exists()
    )
    out = io.StringIO()
    call_command("retier", "--as-of", "2026-09-30", "--simulate", stdout=out)
    assert "Nothing was written." in out.getvalue()


@time_machine.travel(dt.datetime(2026, 10, 1, 2, tzinfo=dt.UTC))
def test_a_policy_file_makes_a_version_and_uses_it(tmp_path: Path) -> None:
    file = tmp_path / "policy.json"
    file.write_text('{"a_share": 0.9}')
    summary = retier("--as-of", "2026-09-30", "--policy", str(file))
    assert summary["policy"] == 2 and summary["tiers"]["A"] == 2
    assert TierPolicy.objects.get(in_force=True).version == 2
    retier("--as-of", "2026-09-30", "--policy", str(file))
    assert TierPolicy.objects.count() == 2


@pytest.mark.parametrize(
    ("text", "words"),
    [('{"a_shar": 1}', "a_shar"), ("[1]", "JSON object"), ("{", "no JSON"), ('{"band": 2}', "band")],
)
def test_a_bad_policy_file_is_refused_in_words(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "policy.json"
    file.write_text(text)
    with pytest.raises(CommandError, match=words):
        retier("--as-of", "2026-09-30", "--policy", str(file))
    assert not TieringRun.objects.exists()


@time_machine.travel(dt.datetime(2026, 9, 30, 21, 30, tzinfo=dt.UTC))
def test_today_is_the_companys_local_date() -> None:
    with pytest.raises(CommandError, match="today is 2026-09-30"):
        retier("--as-of", "2026-09-30")
    with time_machine.travel(dt.datetime(2026, 9, 30, 22, 30, tzinfo=dt.UTC)):  # past midnight in Warsaw
        assert retier("--as-of", "2026-09-30")["new"]


def test_errors_are_said_in_words() -> None:
    with pytest.raises(CommandError, match="no run"):
        call_command("export_assessments", "--as-of", "2026-09-30", stdout=io.StringIO())
    with pytest.raises(CommandError, match="No such file"):
        retier("--as-of", "2026-09-30", "--policy", "/missing")


def test_a_day_that_is_none_is_refused_in_words() -> None:
    for command in ("retier", "export_assessments", "plan_contacts"):
        with pytest.raises(CommandError, match="is no date; write it as 2026-02-28"):
            call_command(command, "--as-of", "30.9.2026")
