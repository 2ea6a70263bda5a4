"""What production serves: one stylesheet, whole and in order."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import storage
from django.core.management import call_command
from pytest_django import Settings

SOURCE = Path(__file__).parents[2] / "static" / "css"


@pytest.fixture
def collected(settings: Settings, tmp_path: Path) -> Path:
    settings.STATIC_ROOT = tmp_path
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "crm.look.static_files.OneStylesheetStorage"},
    }
    call_command("collectstatic", interactive=False, verbosity=0, ignore_patterns=["admin"])
    return tmp_path


def test_every_part_is_in_the_one_stylesheet(collected: Path) -> None:
    whole = (collected / "css" / "app.css").read_text()
    assert "@import" not in whole
    for part in SOURCE.rglob("*.css"):
        if part.name != "app.css":
            assert part.read_text() in whole, part.name
    assert whole.count("{") == whole.count("}")
    assert whole.index("@layer reset, tokens") < whole.index("@layer reset {")


def test_the_page_asks_for_it_by_its_content(collected: Path) -> None:
    name = storage.staticfiles_storage.url("css/app.css")
    assert name != f"{settings.STATIC_URL}css/app.css"
    assert (collected / name.removeprefix(settings.STATIC_URL)).read_text() == (
        collected / "css" / "app.css"
    ).read_text()


def test_a_part_that_changed_is_taken_over(collected: Path) -> None:
    (collected / "css" / "app.css").write_text("/* put together before a part changed */")
    call_command("collectstatic", interactive=False, verbosity=0, ignore_patterns=["admin"])
    assert ".button" in (collected / "css" / "app.css").read_text()


def test_modules_name_each_other_by_content(collected: Path) -> None:
    name = storage.staticfiles_storage.url("js/device/worker.js")
    script = (collected / name.removeprefix(settings.STATIC_URL)).read_text()
    for imported in re.findall(r'from "\./([^"]+)"', script):
        assert re.fullmatch(r"\w+\.[0-9a-f]{12}\.js", imported)
        assert (collected / "js" / "device" / imported).exists()
