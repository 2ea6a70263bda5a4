"""Who works at the example company: always the same people, so that README can name them."""

from __future__ import annotations

from dataclasses import dataclass

PASSWORD = "take-good-care"
"""One for everybody. Only the example company has it; `manage.py demo` does not run in production."""

DOMAIN = "opieka.example"


@dataclass(frozen=True)
class Place:
    """One of our teams: the market it serves and its clock."""

    key: str
    name: str
    country: str
    language: str
    time_zone: str


@dataclass(frozen=True)
class Worker:
    """One person who signs in; `team` is a Place's key, None for those who serve all markets."""

    email: str
    name: str
    role: str
    team: str | None
    country: str
    language: str
    time_zone: str
    sales_code: str | None = None
    weekly_contact_minutes: int = 1200

    @property
    def address(self) -> str:
        """The e-mail the person signs in with."""
        return f"{self.email}@{DOMAIN}"


PLACES = (
    Place("PL", "Poland", "PL", "pl", "Europe/Warsaw"),
    Place("BG", "Bulgaria", "BG", "bg", "Europe/Sofia"),
    Place("HU", "Hungary", "HU", "hu", "Europe/Budapest"),
)


def _rep(email: str, name: str, place: Place, code: str, minutes: int = 1200) -> Worker:
    return Worker(
        email, name, "rep", place.key, place.country, place.language, place.time_zone, code, minutes
    )


def _lead(email: str, name: str, place: Place) -> Worker:
    return Worker(email, name, "manager", place.key, place.country, place.language, place.time_zone)


_PL, _BG, _HU = PLACES

WORKERS = (
    _rep("joanna", "Joanna Krzemińska", _PL, "PL-01"),
    _rep("marek", "Marek Zieliński", _PL, "PL-02"),
    _rep("agnieszka", "Agnieszka Lis-Wolańska", _PL, "PL-03", 900),
    _rep("ivaylo", "Ивайло Димитров", _BG, "BG-01"),
    _rep("elena", "Елена Маринова", _BG, "BG-02"),
    _rep("georgi", "Георги Цветков", _BG, "BG-03"),
    _rep("zsofia", "Fehér Zsófia", _HU, "HU-01"),
    _rep("gabor", "Szalai Gábor", _HU, "HU-02"),
    _rep("reka", "Fodor Réka", _HU, "HU-03", 1000),
    _lead("tomasz", "Tomasz Wróblewski", _PL),
    _lead("desislava", "Десислава Колева", _BG),
    _lead("zoltan", "Veres Zoltán", _HU),
    Worker("ola", "Aleksandra Pawlak", "agent", None, "PL", "pl", "Europe/Warsaw"),
    Worker("nadya", "Надя Василева", "agent", None, "BG", "bg", "Europe/Sofia"),
    Worker("adam", "Adam Borowiec", "admin", None, "PL", "pl", "Europe/Warsaw"),
)

SHOWN_SIGN_INS = ("joanna", "ivaylo", "zsofia", "tomasz", "ola", "adam")
"""Whom the printed table and README name: reps of the three markets, a manager, a service agent, the admin."""
