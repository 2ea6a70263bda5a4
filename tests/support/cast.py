"""The fixed cast of every test that needs people: small enough to know by heart.

North team: Rita (rep), Carl (her colleague), led by Mona (manager). South team: Otto (rep), led by Nora (manager).
Serge (service agent) and Ada (admin) have no team. Rita owns `acme`, Carl `brewery`, Otto `quarry`, nobody `orphan`.
"""

from __future__ import annotations

from dataclasses import dataclass

from accounts.models import Account
from crm.team.models import Role, Team, User

PASSWORD = "correct horse battery"


@dataclass
class Cast:
    """Everybody and their accounts."""

    north: Team
    south: Team
    rita: User
    carl: User
    mona: User
    otto: User
    nora: User
    serge: User
    ada: User
    acme: Account
    brewery: Account
    quarry: Account
    orphan: Account

    @property
    def users(self) -> dict[str, User]:
        """Each of the cast by first name."""
        return {
            "rita": self.rita,
            "carl": self.carl,
            "mona": self.mona,
            "otto": self.otto,
            "nora": self.nora,
            "serge": self.serge,
            "ada": self.ada,
        }


def make_cast() -> Cast:
    """Write the cast and their four accounts into the database."""
    north = Team.objects.create(name="North")
    south = Team.objects.create(name="South")

    def person(name: str, role: str, team: Team | None = None, sales_code: str | None = None) -> User:
        return User.objects.create_user(
            f"{name.lower()}@example.com",
            PASSWORD,
            name=f"{name} Example",
            role=role,
            team=team,
            sales_code=sales_code,
        )

    rita = person("Rita", Role.REP, north, "R1")
    carl = person("Carl", Role.REP, north, "C1")
    mona = person("Mona", Role.MANAGER, north)
    otto = person("Otto", Role.REP, south, "O1")
    nora = person("Nora", Role.MANAGER, south)
    serge = person("Serge", Role.AGENT)
    ada = person("Ada", Role.ADMIN)
    north.leads.add(mona)
    south.leads.add(nora)

    def account(code: str, name: str, owner: User | None) -> Account:
        return Account.objects.create(code=code, name=name, owner=owner, country="PL", city="Kraków")

    return Cast(
        north=north,
        south=south,
        rita=rita,
        carl=carl,
        mona=mona,
        otto=otto,
        nora=nora,
        serge=serge,
        ada=ada,
        acme=account("ACME", "Zakłady Acme S.A.", rita),
        brewery=account("BREW", "Browar Zamkowy", carl),
        quarry=account("QUARRY", "Kamieniołom Południe", otto),
        orphan=account("ORPHAN", "Sierota Sp. z o.o.", None),
    )
