"""What must hold for every stylesheet, script and template: nothing lost, nothing inline, nothing from elsewhere."""

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.core.management import call_command
from django.template.loader import get_template

STATIC = Path(settings.BASE_DIR) / "static"
TEMPLATES = Path(settings.BASE_DIR) / "templates"
SHEETS = sorted((STATIC / "css").rglob("*.css"))
MODULES = sorted((STATIC / "js").glob("*.js"))
PAGES = sorted(
    path for path in TEMPLATES.rglob("*.html") if "mail" not in path.parts and "email" not in path.parts
)

# A class of every component and screen of the design.
CLASSES = re.findall(
    r"\S+",
    """
    account-head against agenda app avatar back badge banner bar behind block brief bulk button
    buttons chart check choice choices columns covers decides dialog drag empty error evidence field
    filters flow form gain gauge gauges group half hint how icon icon-only input joined key keys
    label ladder late lines list-title log loss move moves n nav nav-item opt open-head over page
    page-body page-head pages pair pairs person phone-only desk-only pill points queue rank
    reckoning rows rules scroll-x sentence side skip small-multiples sort soon split stack stats
    stepper summary swatches switch table tabs tier timeline toast up down vh with-icon muted done
    acts fired guide framed
    """,
)
TOKENS = re.findall(
    r"\S+",
    """
    bg surface surface-2 sunken well raised line line-2 edge text text-2 text-3 accent danger warn
    ok
    """,
)


def name(path: Path) -> str:
    return str(path.relative_to(settings.BASE_DIR))


def test_every_import_exists_and_every_sheet_is_imported():
    app = (STATIC / "css" / "app.css").read_text()
    imported = re.findall(r'@import url\("([^"]+)"\) layer\((\w+)\);', app)
    assert {path for path, _layer in imported} == {
        str(sheet.relative_to(STATIC / "css")) for sheet in SHEETS if sheet.name != "app.css"
    }
    for path, layer in imported:
        assert path.split("/")[0].removesuffix(".css") == layer
    assert app.count("@import") == len(imported)


def test_nothing_of_the_design_was_lost():
    css = "\n".join(sheet.read_text() for sheet in SHEETS)
    known = set(re.findall(r"\.([a-z][\w-]*)", css))
    assert set(CLASSES) <= known
    for token in TOKENS:
        assert f"--{token}: light-dark(" in css
    for condition in (
        "prefers-reduced-motion",
        "prefers-contrast",
        "forced-colors",
        "media print",
        "pointer: coarse",
    ):
        assert condition in css


@pytest.mark.parametrize("sheet", SHEETS, ids=name)
def test_a_sheet_is_whole_and_writes_no_raw_colour(sheet):
    css = re.sub(r"/\*.*?\*/", "", sheet.read_text(), flags=re.S)
    assert css.count("{") == css.count("}")
    if sheet.name != "tokens.css":
        assert not re.search(r"#[0-9a-f]{3,8}\b(?=[^{}]*[;}])", css)


def test_whitenoise_can_rewrite_the_addresses(settings, tmp_path):
    settings.STATIC_ROOT = tmp_path
    settings.STATICFILES_DIRS = [STATIC]
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"}
    }
    call_command("collectstatic", interactive=False, verbosity=0)
    (app,) = (tmp_path / "css").glob("app.????????????.css")
    for path in re.findall(r'url\("([^"]+)"\)', app.read_text()):
        assert re.search(r"\.[0-9a-f]{12}\.css$", path)
        assert (tmp_path / "css" / path).exists()


@pytest.mark.parametrize("path", [*SHEETS, *MODULES, *PAGES], ids=name)
def test_nothing_comes_from_elsewhere(path):
    assert not re.search(r"(?:https?:)?//(?!www\.w3\.org)[\w-]+\.[a-z]{2,}", path.read_text())


@pytest.mark.parametrize("path", PAGES, ids=name)
def test_a_template_has_no_inline_script_or_style(path):
    html = path.read_text()
    assert not re.search(r"<style|\sstyle=|javascript:", html)
    assert not re.search(r"\son[a-z]+=", re.sub(r"hx-on\S*", "hx-on", html))
    assert "hx-on" not in html, "htmx may not evaluate code (allowEval is off)"
    for script in re.findall(r"<script[^>]*>(.*?)</script>", html, re.S):
        assert not script.strip()


@pytest.mark.parametrize("path", PAGES, ids=name)
def test_a_template_compiles(path):
    get_template(str(path.relative_to(TEMPLATES)))


def test_every_icon_that_is_asked_for_is_in_the_sprite():
    sprite = ET.parse(STATIC / "icons" / "sprite.svg").getroot()
    symbols = [symbol.attrib["id"].removeprefix("i-") for symbol in sprite]
    assert len(symbols) == len(set(symbols))
    asked = {icon for path in PAGES for icon in re.findall(r'{% icon "([\w-]+)"', path.read_text())}
    assert asked <= set(symbols)


def test_every_static_file_that_is_asked_for_exists():
    for path in PAGES:
        for static in re.findall(r"{% static '([^']+)' %}", path.read_text()):
            assert finders.find(static), f"{name(path)} asks for {static}"
