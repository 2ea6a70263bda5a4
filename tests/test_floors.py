"""A foreign key named by a string escapes the linter of imports: it must not climb a floor either (architecture, 1)."""

from __future__ import annotations

from django.apps import apps
from django.db import models
from django.test.utils import isolate_apps

# From below to above. An app that is not named is a library's, and lies below all of ours.
FLOORS = [
    "look",
    "team",
    "jobs",
    "lists",
    "accounts",
    "contacts",
    "complaints",
    "segmentation",
    "home",
    "demo",
]


def floor(model: type[models.Model]) -> int:
    label = model._meta.app_label
    return FLOORS.index(label) if label in FLOORS else -1


def ours() -> list[type[models.Model]]:
    return [model for model in apps.get_models(include_auto_created=True) if floor(model) >= 0]


def climbing(found: list[type[models.Model]]) -> list[str]:
    """The relations that point from a floor to one above it."""
    return [
        f"{model._meta.label}.{field.name} -> {field.related_model._meta.label}"
        for model in found
        for field in model._meta.get_fields()
        if field.is_relation and not field.auto_created and isinstance(field.related_model, type)
        if floor(field.related_model) > floor(model)
    ]


def test_every_app_of_ours_has_a_floor() -> None:
    unknown = {
        config.label
        for config in apps.get_app_configs()
        if config.name.split(".")[0] in {"crm", "accounts", "contacts", "complaints", "segmentation"}
    } - set(FLOORS)
    assert not unknown


def test_no_relation_climbs_a_floor() -> None:
    assert climbing(ours()) == []


def test_a_relation_that_climbed_would_be_found() -> None:
    with isolate_apps():

        class High(models.Model):  # noqa: DJ008
            class Meta:
                app_label = "segmentation"

        class Low(models.Model):  # noqa: DJ008
            high = models.ForeignKey("segmentation.High", models.CASCADE)

            class Meta:
                app_label = "team"

        assert climbing([Low, High]) == ["team.Low.high -> segmentation.High"]
