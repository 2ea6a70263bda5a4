"""A PostgreSQL server of its own for the time of measuring, with known settings, where its programs are installed."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SETTINGS = {
    "shared_buffers": "2GB",
    "work_mem": "256MB",
    "random_page_cost": "1.1",
    "max_wal_size": "4GB",  # no checkpoint in the middle of a round
}


def programs() -> Path | None:
    """Where the newest installed server's programs are; None where there are none."""
    found = sorted(
        (path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")),
        key=lambda path: float(path.parent.name),
    )
    if found:
        return found[-1]
    on_path = shutil.which("initdb")
    return Path(on_path).parent if on_path else None


@contextmanager
def own_server(port: int = 0) -> Iterator[str]:
    """Start a server under a folder of the system's temporary files and stop it afterwards; gives its address.

    PostgreSQL refuses to run as root: there it runs as the user `postgres`. port: 0 for any that is free.
    """
    bin_folder = programs()
    assert bin_folder is not None
    port = port or _free_port()
    folder = Path(tempfile.mkdtemp(prefix="opieka-bench-"))
    as_owner: list[str] = []
    if os.getuid() == 0:
        shutil.chown(folder, "postgres", "postgres")
        as_owner = ["runuser", "-u", "postgres", "--"]
    options = " ".join(f"-c {name}={value}" for name, value in SETTINGS.items())
    control = [
        *as_owner,
        str(bin_folder / "pg_ctl"),
        "-D",
        str(folder / "data"),
        "-l",
        str(folder / "log"),
        "-w",
    ]
    # Ctrl-C is for us, who then stop the server; in our group it would stop by itself, in the middle of a statement.
    quiet = {"check": True, "stdout": subprocess.DEVNULL, "cwd": "/", "start_new_session": True}
    try:
        make = [str(bin_folder / "initdb"), "-D", str(folder / "data"), "-A", "trust", "-U", "bench"]
        subprocess.run([*as_owner, *make, "-E", "UTF8", "--locale=C.UTF-8"], **quiet)  # type: ignore[call-overload]
        server = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 {options}"
        subprocess.run([*control, "-o", server, "start"], **quiet)  # type: ignore[call-overload]
        try:
            yield f"postgres://bench@127.0.0.1:{port}"
        finally:
            subprocess.run([*control, "-m", "immediate", "stop"], **quiet)  # type: ignore[call-overload]
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _free_port() -> int:
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return asked.getsockname()[1]
