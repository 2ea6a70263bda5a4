"""Installations with real processes: a migrated database, a broker, a worker and beat of their own, and no mercy.

`site` is one installation per test, on PostgreSQL with Redis and again on SQLite with the filesystem transport.
POSTGRES_URL names the server (make test-processes sets it); redis-server is started here, since tests kill it.
"""

from __future__ import annotations

import datetime as dt
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from zoneinfo import ZoneInfo

import psycopg2
import pytest

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
ACCOUNTS = 2000
PATIENCE = 180.0  # seconds until something that must happen is missed: two busy cores are slow


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test of this folder `processes`."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.processes)


def eventually(condition: Callable[[], Any], what: str, seconds: float = PATIENCE) -> Any:
    """The first true value of `condition`, asked until then; fails the test after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            pytest.fail(f"Not within {seconds:.0f} s: {what}")
        time.sleep(0.02)


def local_day() -> dt.date:
    """Today by the clock of the installations, which is not that of the machine around midnight."""
    return dt.datetime.now(ZoneInfo(os.environ.get("TIME_ZONE", "Europe/Warsaw"))).date()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


# Processes ----------------------------------------------------------------------------------------------------------
@dataclass
class Running:
    """A process in a group of its own, and the file that takes its output."""

    process: subprocess.Popen[bytes]
    output: Path

    def said(self) -> str:
        """What it has printed so far."""
        return self.output.read_text(errors="replace")

    def kill(self) -> None:
        """SIGKILL to it and all its children at once: what a power cut or the kernel does."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def kill_parent_only(self) -> None:
        """SIGKILL to the process, while its children live on."""
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        """Ask it to end, as a deployment does."""
        self.process.terminate()
        self.process.wait(PATIENCE)


@dataclass
class Redis:
    """A Redis server of the tests' own that keeps nothing: killed and started again it is empty."""

    folder: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        self.process = subprocess.Popen(
            [
                *("redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.folder)),
                *("--save", "", "--appendonly", "no"),
            ],
            stdout=subprocess.DEVNULL,
        )
        eventually(self._answers, "Redis answers", 20)

    def _answers(self) -> bool:
        with socket.socket() as tried:
            return tried.connect_ex(("127.0.0.1", self.port)) == 0

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()


# Databases ----------------------------------------------------------------------------------------------------------
class Database:
    """One database, read and held by the test itself, past Django and the processes."""

    url: str

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """What a statement with %s placeholders gives."""
        raise NotImplementedError

    def value(self, sql: str, values: Sequence[Any] = ()) -> Any:
        """The one value a statement gives."""
        return self.rows(sql, values)[0][0]

    def copy(self, name: str, folder: Path) -> Database:
        """A database with the same content."""
        raise NotImplementedError

    def drop(self) -> None:
        """Away with it."""


class Postgres(Database):
    def __init__(self, server: str, name: str) -> None:
        self.server, self.name = server, name
        self.url = urlunsplit(urlsplit(server)._replace(path=f"/{name}"))

    def connect(self, *, autocommit: bool = True) -> Any:
        connection = psycopg2.connect(self.url.replace("postgres://", "postgresql://"))
        connection.autocommit = autocommit
        return connection

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        connection = self.connect()
        try:
            with connection.cursor() as cursor:
                cursor.execute(sql, values)
                return list(cursor.fetchall())
        finally:
            connection.close()

    def copy(self, name: str, folder: Path) -> Database:
        self.administer(f'CREATE DATABASE "{name}" TEMPLATE "{self.name}"')
        return Postgres(self.server, name)

    def create(self) -> None:
        self.administer(f'CREATE DATABASE "{self.name}"')

    def drop(self) -> None:
        self.administer(f'DROP DATABASE IF EXISTS "{self.name}" WITH (FORCE)')

    def administer(self, statement: str) -> None:
        connection = Postgres(self.server, "postgres").connect()
        try:
            with connection.cursor() as cursor:
                cursor.execute(statement)
        finally:
            connection.close()


class Sqlite(Database):
    def __init__(self, file: Path) -> None:
        self.file = file
        self.url = f"sqlite:///{file}"

    def connect(self) -> sqlite3.Connection:
        return sqlite3.connect(self.file, timeout=60, isolation_level=None)

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        connection = self.connect()
        try:
            return list(connection.execute(sql.replace("%s", "?"), values))
        finally:
            connection.close()

    def copy(self, name: str, folder: Path) -> Database:
        file = folder / f"{name}.sqlite3"
        with sqlite3.connect(self.file) as source, sqlite3.connect(file) as target:
            source.backup(target)
        return Sqlite(file)


# Installations ------------------------------------------------------------------------------------------------------
@dataclass
class Site:
    """One installation: its database, its broker, its folder, and the processes that were started in it."""

    database: Database
    folder: Path
    redis: Redis | None
    started: list[Running] = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        broker = {"CELERY_BROKER_URL": self.redis.url} if self.redis else {}
        kept = {key: value for key, value in os.environ.items() if key != "CELERY_BROKER_URL"}
        return kept | {
            "DJANGO_SETTINGS_MODULE": "crm.settings",
            "DATABASE_URL": self.database.url,
            "VAR_DIR": str(self.folder),
            "PYTHONUNBUFFERED": "1",
            **broker,
        }

    def run(self, *command: str) -> str:
        """A Python command to its end; what it printed. Fails the test where it fails."""
        done = subprocess.run(
            [sys.executable, *command], cwd=ROOT, env=self.environment, capture_output=True, text=True
        )
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        return done.stdout

    def start(self, *command: str) -> Running:
        """A Python command in the background, in a process group of its own."""
        output = self.folder / f"output-{len(self.started)}.txt"
        with output.open("wb") as file:
            process = subprocess.Popen(
                [sys.executable, *command],
                cwd=ROOT,
                env=self.environment,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.started.append(Running(process, output))
        return self.started[-1]

    def worker(self, *, ready: bool = True) -> Running:
        """A worker; `ready`: only once it takes messages."""
        worker = self.start("-m", "celery", "-A", "crm", "worker", "--concurrency=2", "--loglevel=INFO")
        if ready:
            eventually(lambda: " ready." in worker.said(), "the worker is ready")
        return worker

    def beat(self) -> Running:
        """The clock."""
        return self.start("-m", "celery", "-A", "crm", "beat", "--loglevel=INFO")

    def ask_for_tiering(self, as_of: str) -> int:
        """Ask for the run as a process of its own would; the job's id."""
        return self.timed_asking_for_tiering(as_of)[0]

    def timed_asking_for_tiering(self, as_of: str) -> tuple[int, float]:
        """The job's id, and the seconds that the asking took, without the start of the process."""
        job, took = self.run(
            "-c",
            "import django, time, datetime as dt; django.setup(); from django.utils import timezone;"
            "from segmentation.tasks import ask_for_tiering; began = time.monotonic();"
            f"job = ask_for_tiering(as_of=dt.date.fromisoformat('{as_of}'), now=timezone.now());"
            "print(job.pk, time.monotonic() - began)",
        ).split()
        return int(job), float(took)

    def sweep(self) -> None:
        """The sweep as beat would ask for it, but with the minute of patience already over."""
        self.run(
            "-c",
            "import django; django.setup(); from crm.jobs.tasks import sweep_jobs; sweep_jobs.delay(late=0)",
        )

    def job(self, job_id: int) -> tuple[str, int, str]:
        """State, attempts and error of a job."""
        (row,) = self.database.rows("SELECT state, attempts, error FROM jobs_job WHERE id = %s", [job_id])
        return row

    def is_done(self, job_id: int) -> bool:
        state, _, error = self.job(job_id)
        assert state != "failed", error
        return state == "done"

    def until_done(self, job_id: int) -> None:
        """Wait for the job; a failure fails the test with its reason."""
        eventually(lambda: self.is_done(job_id), f"job {job_id} is done; it is {self.job(job_id)}")

    def runs(self) -> list[tuple[str, int]]:
        """Each run's day, and how many assessments it has."""
        return [
            (str(day), count)
            for day, count in self.database.rows(
                "SELECT r.as_of, (SELECT COUNT(*) FROM segmentation_tierassessment a WHERE a.run_id = r.id)"
                " FROM segmentation_tieringrun r ORDER BY r.as_of"
            )
        ]

    def end(self) -> None:
        for process in self.started:
            process.kill()


@contextmanager
def kept(database: Database) -> Iterator[Database]:
    """The database, to be copied for each test, and away with it at the end."""
    try:
        yield database
    finally:
        database.drop()


def migrate(database: Database, folder: Path) -> None:
    """All tables, and nothing in them: a tenth of a minute of the processor, so once a session and not once a test."""
    Site(database, folder, None).run("manage.py", "migrate", "--verbosity=0")


def fill(database: Database, folder: Path) -> None:
    """The company into a migrated database."""
    Site(database, folder, None).run("-m", "tests.processes.company", str(ACCOUNTS))


@pytest.fixture(scope="session")
def postgres_migrated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    server = os.environ.get("POSTGRES_URL")
    assert server, "POSTGRES_URL is not set: run `make test-processes`, which finds the server."
    database = Postgres(server, f"opieka_migrated_{os.getpid()}")
    database.create()
    with kept(database):
        migrate(database, tmp_path_factory.mktemp("postgres"))
        yield database


@pytest.fixture(scope="session")
def sqlite_migrated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    folder = tmp_path_factory.mktemp("sqlite")
    with kept(Sqlite(folder / "migrated.sqlite3")) as database:
        migrate(database, folder)
        yield database


@pytest.fixture(scope="session")
def postgres_company(
    postgres_migrated: Database, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Database]:
    folder = tmp_path_factory.mktemp("postgres")
    with kept(postgres_migrated.copy(f"opieka_processes_{os.getpid()}", folder)) as database:
        fill(database, folder)
        yield database


@pytest.fixture(scope="session")
def sqlite_company(sqlite_migrated: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    folder = tmp_path_factory.mktemp("sqlite")
    with kept(sqlite_migrated.copy("company", folder)) as database:
        fill(database, folder)
        yield database


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[Redis]:
    assert shutil.which("redis-server"), (
        "redis-server is not installed (Debian: apt-get install redis-server)."
    )
    server = Redis(tmp_path)
    server.start()
    yield server
    server.kill()


@pytest.fixture
def postgres_site(postgres_company: Database, redis: Redis, tmp_path: Path) -> Iterator[Site]:
    """PostgreSQL and Redis: production."""
    name = f"opieka_site_{os.getpid()}_{time.monotonic_ns()}"
    site = Site(postgres_company.copy(name, tmp_path), tmp_path, redis)
    yield site
    site.end()
    site.database.drop()


@pytest.fixture
def sqlite_site(sqlite_company: Database, tmp_path: Path) -> Iterator[Site]:
    """SQLite and the filesystem transport: one machine without a server."""
    site = Site(sqlite_company.copy("site", tmp_path), tmp_path, None)
    yield site
    site.end()


@pytest.fixture(params=["postgres", "sqlite"])
def site(request: pytest.FixtureRequest) -> Site:
    """Both, one after the other."""
    found: Site = request.getfixturevalue(f"{request.param}_site")
    return found
