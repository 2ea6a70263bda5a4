"""How the web process is served: `gunicorn crm.wsgi` reads this file. Its numbers are set in docs/deploying.md."""

import gc
import multiprocessing
import os

bind = f"0.0.0.0:{os.environ.get('PORT', '8000')}"
workers = int(os.environ.get("WEB_CONCURRENCY", str(min(multiprocessing.cpu_count() + 1, 9))))
# One request at a time in each process, and none accepted before it can begin: two in one would take turns at the
# interpreter while another process waits for work. (gthread, since its heartbeat goes on through a slow upload.)
worker_class = "gthread"
threads = int(os.environ.get("WEB_THREADS", "1"))
worker_connections = threads
keepalive = 0  # a connection kept open would be one not accepted
timeout = 60  # seconds; what takes longer is a job
graceful_timeout = 30
# A worker that is replaced now and then gives back what its libraries hoard; not all at once.
max_requests = 5000
max_requests_jitter = 500
# In memory: on a disk that stalls, gunicorn would take a healthy worker for a hung one.
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None
accesslog = "-" if os.environ.get("ACCESS_LOG", "").lower() in {"1", "true", "yes", "on"} else None


def post_worker_init(worker: object) -> None:
    """Keep what was imported out of every later search for cycles: it would stop pages for milliseconds."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
