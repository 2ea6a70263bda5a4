"""manage.py demo: the example company, then everything running (README.md, "Two commands")."""

from __future__ import annotations

import contextlib
import fcntl
import http.client
import os
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import IO, Any, NoReturn

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from accounts.models import Account, Import
from complaints import clock
from crm.demo.children import ChildDied, Children
from crm.demo.company import ACCOUNTS, SEED, finish, made_on, make_company, record_of
from crm.demo.people import PASSWORD, PLACES, SHOWN_SIGN_INS, WORKERS
from crm.demo.quarters import tier_quarters
from crm.jobs.models import Job
from crm.team.models import User

HOST = "127.0.0.1"
DEFAULT_PORT = 8000
JOB_SECONDS = 300
"""So long one job of the worker may take before something is taken to be wrong."""
OLD_DAYS = 14
_ROLES = {"rep": "sales rep", "agent": "service agent", "manager": "manager", "admin": "admin"}


class Stopped(Exception):
    """Ctrl-C, or a signal that means the same."""


class Command(BaseCommand):
    help = "The example company, then everything running: web, worker and beat. PORT=8123 takes another port."
    requires_system_checks = ()  # seconds, every time, for what `make lint` has checked

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", help="instead of PORT= of the environment (8000)")
        parser.add_argument("--no-serve", action="store_true", help="only prepare it")
        parser.add_argument("--accounts", type=int, default=ACCOUNTS, help="how many customers (1,200)")
        parser.add_argument("--seed", type=int, default=SEED, help="another seed makes another company")
        parser.add_argument(
            "--reset", action="store_true", help="throw the example company away and make it anew"
        )
        parser.add_argument("--yes", action="store_true", help="do not ask before --reset")

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.PRODUCTION:
            raise CommandError("The demo does not run in production: everybody knows its password.")
        settings.DEBUG = False  # or every statement of the bulk inserts would be kept in memory
        port = _port(options["port"])
        with _only_one(settings.VAR_DIR / "demo.lock", port), _stoppable():
            children = Children(
                logs=settings.VAR_DIR / "log",
                folder=settings.BASE_DIR,
                environment=os.environ | {"DEBUG": "0", "DJANGO_SETTINGS_MODULE": "crm.settings"},
            )
            try:
                if not options["no_serve"]:
                    _check_free(port)
                self._prepare(children, options)
                if not options["no_serve"]:
                    self._serve(children, port)
            except Stopped:
                self._say("Stopping …")
            except ChildDied as death:
                raise CommandError(str(death)) from None
            finally:
                children.stop()

    # Preparing ------------------------------------------------------------------------------------------------------
    def _prepare(self, children: Children, options: dict[str, Any]) -> None:
        """From nothing, or from wherever an earlier start was ended, to a company with its quarters behind it."""
        self._refuse_other_peoples_data()
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            self._say("Preparing the database …")
            call_command("migrate", verbosity=0, interactive=False)
        if options["reset"] and made_on() is not None:
            self._reset(sure=options["yes"])
        if (day := made_on()) is None:
            self._make(options)
        elif (days := (timezone.localdate() - day).days) > OLD_DAYS:
            self._say(f"The example company is {days} days old; `manage.py demo --reset` makes a new one.")
        record = record_of()
        if not record.mapping.get("finished"):
            self._start_worker(children)
            tier_quarters(
                made_on=made_on() or timezone.localdate(),
                today=timezone.localdate(),
                wait=lambda job: self._wait(children, job),
                say=self._say,
            )
            clock.refresh()  # by the tiers that the accounts have now
            finish(record)

    def _refuse_other_peoples_data(self) -> None:
        tables = set(connection.introspection.table_names())
        if not {Account._meta.db_table, User._meta.db_table, Import._meta.db_table} <= tables:
            return  # not migrated yet, so nobody's
        if made_on() is None and (Account.objects.exists() or User.objects.exists()):
            raise CommandError(
                f"The database {connection.settings_dict['NAME']} holds accounts or users that the demo did not make. "
                "It is left as it is. Name an empty one: DATABASE_URL=sqlite:///var/demo.sqlite3 make demo"
            )

    def _reset(self, *, sure: bool) -> None:
        if not sure:
            number = Account.objects.count()
            answer = input(
                f"Throw away the example company, {number:,} accounts and all done with them? [y/N] "
            )
            if answer.strip().lower() not in {"y", "yes"}:
                raise CommandError("Nothing was changed.")
        call_command("flush", verbosity=0, interactive=False)

    def _make(self, options: dict[str, Any]) -> None:
        self._say(f"Making the example company of {options['accounts']:,} customers …")
        began, now = time.monotonic(), timezone.now()
        made = make_company(
            today=timezone.localdate(now), now=now, accounts=options["accounts"], seed=options["seed"]
        )
        counts = ", ".join(f"{number:,} {what}" for what, number in made.items())
        self._say(f"  {counts}; {time.monotonic() - began:.0f} s")

    def _wait(self, children: Children, job: Job) -> None:
        """Until the worker has done the job. Raises CommandError where it gave up."""

        def is_over() -> bool:
            job.refresh_from_db()
            if job.state == Job.State.FAILED or job.error:
                raise CommandError(
                    f"The job {job} failed: {job.error}\nThe worker's log: {children.logs}/worker.log"
                )
            return job.state == Job.State.DONE

        children.wait_until(
            is_over, seconds=JOB_SECONDS, otherwise=f"The worker has not done {job} in {JOB_SECONDS} s."
        )

    # Running --------------------------------------------------------------------------------------------------------
    def _start_worker(self, children: Children) -> None:
        if "worker" not in children.running:
            children.start(
                "worker", "celery", "-A", "crm", "worker", "--loglevel", "INFO", "--concurrency", "2",
                "--without-gossip", "--without-mingle", "--without-heartbeat",
            )  # fmt: skip

    def _serve(self, children: Children, port: int) -> None:
        """Web, worker and beat until Ctrl-C (Stopped), or until one of them ends (ChildDied)."""
        connection.close()
        # Preloaded, so that the product is imported once and not by every worker of the web server.
        children.start(
            "web", "gunicorn", "crm.wsgi", "--bind", f"{HOST}:{port}", "--workers", "2", "--threads", "4", "--preload",
            "--graceful-timeout", "3", "--no-control-socket", "--access-logfile", "-",
        )  # fmt: skip
        children.wait_until(
            lambda: _answers(port),
            seconds=60,
            otherwise=f"The web process does not answer. Its log: {children.logs}/web.log",
        )
        self._start_worker(children)
        children.start(
            "beat", "celery", "-A", "crm", "beat", "--loglevel", "INFO", "--pidfile", "",
            "--schedule", str(settings.VAR_DIR / "celerybeat-schedule"),
        )  # fmt: skip
        self._greet(port, children.logs)
        while True:
            children.check()
            time.sleep(0.5)

    def _greet(self, port: int, logs: Path) -> None:
        markets = {place.key: place.name for place in PLACES}
        rows = [
            (worker.address, worker.name, _ROLES[worker.role], markets.get(worker.team or "", "all markets"))
            for worker in WORKERS
            if worker.email in SHOWN_SIGN_INS
        ]
        first, second, third = (max(len(row[column]) for row in rows) for column in range(3))
        lines = [f"{a:<{first}}   {b:<{second}}   {c:<{third}}   {d}".rstrip() for a, b, c, d in rows]
        rule = "─" * max(map(len, lines))
        self._say(
            "\n".join(
                (
                    "",
                    f"Opieka is running at  http://{HOST}:{port}/",
                    rule,
                    *lines,
                    rule,
                    f"The password of all of them:  {PASSWORD}",
                    f"Logs: {_short(logs)}.  Ctrl-C stops everything.",
                    "",
                )
            )
        )

    def _say(self, words: str) -> None:
        self.stdout.write(words)
        self.stdout.flush()


def _port(given: str | None) -> int:
    """The port asked for. Raises CommandError for what is none."""
    text = given or os.environ.get("PORT") or str(DEFAULT_PORT)
    if not text.isdigit() or not 0 < int(text) < 65536:
        raise CommandError(f"PORT={text} is not a port. Example: make demo PORT=8123")
    return int(text)


def _check_free(port: int) -> None:
    """Raise CommandError where something else listens on the port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise CommandError(
                f"Port {port} cannot be used ({error.strerror}). Take another: make demo PORT={port + 123}"
            ) from None


def _answers(port: int) -> bool:
    """Whether the web process answers, and from the database."""
    link = http.client.HTTPConnection(HOST, port, timeout=10)
    try:
        link.request("GET", "/healthz")
        return link.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        link.close()


@contextlib.contextmanager
def _only_one(file: Path, port: int) -> Iterator[None]:
    """Two demos on one database would run two workers and two beats: the second is told where the first is."""
    with file.open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CommandError(
                f"The demo is running already{_where(lock)}. Stop it first (Ctrl-C there)."
            ) from None
        lock.seek(0)
        lock.truncate()
        lock.write(f"{os.getpid()} {port}")
        lock.flush()
        yield


def _where(lock: IO[str]) -> str:
    lock.seek(0)
    said = lock.read().split()
    return f", process {said[0]}, http://{HOST}:{said[1]}/" if len(said) == 2 else ""


@contextlib.contextmanager
def _stoppable() -> Iterator[None]:
    """Ctrl-C, a plain kill and a closed terminal raise Stopped, wherever the command is."""

    def stop(number: int, frame: FrameType | None) -> NoReturn:
        raise Stopped

    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, stop) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _short(path: Path) -> str:
    """The path as somebody in the checkout would type it."""
    return str(path.relative_to(settings.BASE_DIR)) if path.is_relative_to(settings.BASE_DIR) else str(path)
