"""Generated companies in databases of their own, on a server of its own or on that of DATABASE_URL."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg2
from django.conf import settings

from benchmarks.cluster import SETTINGS, own_server, programs

ROOT = Path(__file__).resolve().parent.parent


@contextmanager
def server() -> Iterator[str]:
    """The address of a server on which databases can be made, without a database's name.

    Whoever is told to end (SIGTERM) still stops the server and removes its files.
    """
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(143))
    if programs() is not None:
        print("PostgreSQL of its own: " + ", ".join(f"{k}={v}" for k, v in SETTINGS.items()), flush=True)
        with own_server() as address:
            yield address
        return
    if settings.DATABASES["default"]["ENGINE"] != "django.db.backends.postgresql":
        raise SystemExit(
            "Neither PostgreSQL's programs are installed here, nor does DATABASE_URL name a server."
        )
    yield os.environ["DATABASE_URL"].rpartition("/")[0]


class Databases:
    """Makes, fills and drops databases, each by processes of its own that have production's settings."""

    def __init__(self, address: str, folder: Path) -> None:
        self.address, self.folder = address, folder

    @contextmanager
    def filled(
        self, accounts: int, *, purchases: int = 0, touchpoints: int = 0, planned: bool, bare: bool = False
    ) -> Iterator[dict[str, str]]:
        """A company of this size (0: as many as the generator makes); gives the environment to use it in.

        planned, bare: see benchmarks.company.make_company.
        """
        name = f"bench_{os.getpid()}_{accounts}"
        environment = self._environment(name)
        self._execute(f"CREATE DATABASE {name}")
        try:
            python(environment, "manage.py", "migrate", "--verbosity", "0")
            python(environment, "manage.py", "collectstatic", "--noinput", "--verbosity", "0")
            size = ["--accounts", accounts]
            size += ["--purchases", purchases] if purchases else []
            size += ["--touchpoints", touchpoints] if touchpoints else []
            python(
                environment,
                "-m",
                "benchmarks.company",
                *size,
                *([] if planned else ["--no-plan"]),
                *(["--bare"] if bare else []),
            )
            yield environment
        finally:
            self._execute(f"DROP DATABASE {name} WITH (FORCE)")

    def _environment(self, name: str) -> dict[str, str]:
        """Production's settings, but for what only a proxy in front can give."""
        return os.environ | {
            "ENVIRONMENT": "production",
            "SECRET_KEY": secrets.token_urlsafe(50),
            "ALLOWED_HOSTS": "testserver",
            "CSRF_TRUSTED_ORIGINS": "https://testserver",
            "DATABASE_URL": f"{self.address}/{name}",
            # Never reached: messages of jobs pile up here instead of at a worker.
            "CELERY_BROKER_URL": "memory://",
            "VAR_DIR": str(self.folder / "var"),
            "STATIC_ROOT": str(self.folder / "static"),
            "LOG_LEVEL": "ERROR",
        }

    def _execute(self, statement: str) -> None:
        connection = psycopg2.connect(f"{self.address}/postgres")
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(statement)
        finally:
            connection.close()


def python(environment: dict[str, str], *arguments: object) -> None:
    """Run this Python in the project's folder; raises CalledProcessError where it fails."""
    subprocess.run([sys.executable, *map(str, arguments)], env=environment, cwd=ROOT, check=True)
