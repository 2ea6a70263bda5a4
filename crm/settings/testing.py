"""Settings of the test suite: the database from DATABASE_URL, everything else fixed and quick."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

from crm.settings import *  # noqa: F403
from crm.settings import DATABASES

SECRET_KEY = "only-for-tests"
DEBUG = False
STYLEGUIDE = True
ALLOWED_HOSTS = ["*"]
TIME_ZONE = "Europe/Warsaw"
BASE_CURRENCY = "EUR"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
AXES_ENABLED = False
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
# Messages go nowhere (tests/processes has real brokers), and each test process has its own lock files.
CELERY_BROKER_URL = "memory://"
CELERY_BROKER_TRANSPORT_OPTIONS = {}
VAR_DIR = Path(tempfile.gettempdir()) / f"opieka-tests-{os.getuid()}-{os.getpid()}"
VAR_DIR.mkdir(exist_ok=True)
UPLOAD_DIR, IMPORT_FOLDER = VAR_DIR / "uploads", VAR_DIR / "import"
ATTACHMENTS_ROOT = VAR_DIR / "attachments"
atexit.register(shutil.rmtree, VAR_DIR, ignore_errors=True)
DATABASES["default"]["CONN_MAX_AGE"] = 0
if "postgresql" in DATABASES["default"]["ENGINE"]:
    # Nobody misses a test's rows after a power cut: do not wait for the disk.
    DATABASES["default"]["OPTIONS"]["options"] += " -c synchronous_commit=off"
