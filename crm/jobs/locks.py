"""Proof that somebody is at work: a lock that the server or the kernel takes back when its holder dies.

PostgreSQL: an advisory lock of the database session. Otherwise (SQLite, one machine): flock on a file under
VAR_DIR/locks. Neither depends on a clock, so a job that takes long is never mistaken for one that died.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection

# An advisory lock may be taken again by the session that holds it; a name held here is refused, as flock would.
_held_by_session: set[tuple[int, str]] = set()


@contextmanager
def held(name: str) -> Iterator[bool]:
    """Hold the lock `name` for the block, and yield whether it was free: where it was not, the block must not work.

    Never waits. Enter it outside a transaction: one that is broken could not give the lock back, and the connection
    would have to be closed for it.
    """
    lock = _held_in_database(name) if connection.vendor == "postgresql" else _held_in_file(name)
    with lock as free:
        yield free


def is_held(name: str) -> bool:
    """Whether any living process or session holds the lock `name`. Takes nothing, so that it is in nobody's way."""
    if connection.vendor == "postgresql":
        return _is_held_in_database(name)
    return _is_held_in_file(name)


def held_among(names: Sequence[str]) -> set[str]:
    """Which of the locks any living process or session holds; on PostgreSQL with one statement for all."""
    if connection.vendor == "postgresql":
        found = _held_numbers() if names else set()
        return {name for name in names if _number(name) & _MASK in found}
    return {name for name in names if _is_held_in_file(name)}


def interrupt_holder(name: str) -> bool:
    """End the statement that the holder of the lock is at, if any; it meets an error there. PostgreSQL only.

    The session is found by the lock itself, so that no other job's is ever hit, however old a number on a row is.
    """
    if connection.vendor != "postgresql":
        return False
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT pg_cancel_backend(pid) FROM pg_locks WHERE {_ADVISORY}"
            " AND classid::bigint = %s AND objid::bigint = %s AND pid <> pg_backend_pid()",
            _halves(name),
        )
        return any(sent for (sent,) in cursor.fetchall())


# PostgreSQL ---------------------------------------------------------------------------------------------------------
_MASK = 0xFFFF_FFFF_FFFF_FFFF
_ADVISORY = """locktype = 'advisory' AND granted AND objsubid = 1
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"""


def _halves(name: str) -> list[int]:
    """As pg_locks shows the key: the upper and the lower 32 bits."""
    number = _number(name) & _MASK
    return [number >> 32, number & 0xFFFF_FFFF]


def _held_numbers() -> set[int]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT classid::bigint, objid::bigint FROM pg_locks WHERE {_ADVISORY}")
        return {upper << 32 | lower for upper, lower in cursor.fetchall()}


def _number(name: str) -> int:
    """The lock's key: a signed 64-bit number. Advisory locks belong to one database, so the name needs no more."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)


@contextmanager
def _held_in_database(name: str) -> Iterator[bool]:
    connection.ensure_connection()
    session = connection.connection
    mark = (id(session), name)
    if mark in _held_by_session:
        yield False
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [_number(name)])
        free = cursor.fetchone()[0]
    if not free:
        yield False
        return
    _held_by_session.add(mark)
    try:
        yield True
    finally:
        _held_by_session.discard(mark)
        _release_in_database(name, session)


def _release_in_database(name: str, session: object) -> None:
    if connection.connection is not session:
        return  # the session has ended, and the server has taken the lock back
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [_number(name)])
    except (DatabaseError, InterfaceError):
        connection.close()  # broken: ending the session is what still gives the lock back


def _is_held_in_database(name: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT EXISTS (SELECT 1 FROM pg_locks WHERE {_ADVISORY}"
            " AND classid::bigint = %s AND objid::bigint = %s)",
            _halves(name),
        )
        return cursor.fetchone()[0]


# One machine --------------------------------------------------------------------------------------------------------
@contextmanager
def _gate() -> Iterator[Path]:
    """Stand alone at the folder of locks for a moment, and yield it.

    Locks are tried, probed and taken away only here: so a probe is never mistaken for a holder, and nobody locks a
    file that somebody else has just unlinked.
    """
    folder = Path(settings.VAR_DIR) / "locks"
    folder.mkdir(parents=True, exist_ok=True)
    gate = os.open(folder / "gate", os.O_RDWR | os.O_CREAT, 0o666)
    try:
        fcntl.flock(gate, fcntl.LOCK_EX)
        yield folder
    finally:
        os.close(gate)


def _file(folder: Path, name: str) -> Path:
    return folder / hashlib.sha256(name.encode()).hexdigest()[:32]


def _try(path: Path) -> int | None:
    """An open file that holds the lock, or None where somebody else does. Only inside the gate."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


@contextmanager
def _held_in_file(name: str) -> Iterator[bool]:
    with _gate() as folder:
        path = _file(folder, name)
        descriptor = _try(path)
    if descriptor is None:
        yield False
        return
    try:
        yield True
    finally:
        with _gate():
            path.unlink(missing_ok=True)
            os.close(descriptor)


def _is_held_in_file(name: str) -> bool:
    with _gate() as folder:
        path = _file(folder, name)
        if not path.exists():
            return False
        descriptor = _try(path)
        if descriptor is None:
            return True
        path.unlink()  # its holder was killed, or it would have taken it along
        os.close(descriptor)
        return False
