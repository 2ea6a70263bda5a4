"""Settings, read from the environment. Development needs none of it; production refuses to start without a key.

ENVIRONMENT   development (default) or production
SECRET_KEY    required in production
DATABASE_URL  sqlite:///var/opieka.sqlite3 (default) or postgres://user:password@host/name
CELERY_BROKER_URL  redis://... ; without it the worker uses the filesystem transport under var/
ALLOWED_HOSTS, CSRF_TRUSTED_ORIGINS, BASE_CURRENCY, TIME_ZONE, EMAIL_URL, DEBUG, VAR_DIR: docs/deploying.md
"""

import contextlib
import os
import secrets
from pathlib import Path

import environ
import structlog
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

BASE_DIR = Path(__file__).resolve().parent.parent.parent
env = environ.Env()

ENVIRONMENT = env.str("ENVIRONMENT", default="development")
if ENVIRONMENT not in {"development", "production"}:
    raise ImproperlyConfigured(f"ENVIRONMENT is {ENVIRONMENT!r}; it must be development or production.")
PRODUCTION = ENVIRONMENT == "production"
DEBUG = env.bool("DEBUG", default=not PRODUCTION)

VAR_DIR = Path(env.str("VAR_DIR", default=str(BASE_DIR / "var")))
VAR_DIR.mkdir(parents=True, exist_ok=True)
UPLOAD_DIR = Path(env.str("UPLOAD_DIR", default=str(VAR_DIR / "uploads")))
"""Files that were uploaded for import: outside what the web server gives out."""
IMPORT_FOLDER = Path(env.str("IMPORT_FOLDER", default=str(VAR_DIR / "import")))
"""Folders into which an ERP puts its files lie below this one."""
UPLOAD_LIMIT = env.int("UPLOAD_LIMIT_MB", default=1000) * 1_000_000
"""Bytes of one file that may be uploaded."""
ATTACHMENTS_ROOT = Path(env.str("ATTACHMENTS_ROOT", default=str(VAR_DIR / "attachments")))
"""Files that customers sent with complaints: outside what the web server gives out, and to be backed up."""
ATTACHMENT_LIMIT = env.int("ATTACHMENT_LIMIT_MB", default=10) * 1_000_000
"""Bytes of one of them."""
ATTACHMENTS_PER_COMPLAINT = env.int("ATTACHMENTS_PER_COMPLAINT", default=20)
LETTER_LIMIT = env.int("LETTER_LIMIT_MB", default=25) * 1_000_000
"""Bytes of a customer's e-mail that is read into the form of a complaint."""
FILE_UPLOAD_HANDLERS = ["accounts.receiving.BoundedUploadHandler"]
FILE_UPLOAD_TEMP_DIR = VAR_DIR  # where there is room; /tmp may be memory


def _development_key() -> str:
    """A key that outlives a restart, made once per checkout; two processes that start at once agree on one."""
    file = VAR_DIR / "secret_key"
    if not file.exists():
        draft = VAR_DIR / f"secret_key.{os.getpid()}"
        draft.write_text(secrets.token_urlsafe(50))
        with contextlib.suppress(FileExistsError):
            os.link(draft, file)
        draft.unlink()
    return file.read_text()


SECRET_KEY = env.str("SECRET_KEY", default="")
if not SECRET_KEY:
    if PRODUCTION:
        raise ImproperlyConfigured(
            "SECRET_KEY is not set. Production does not start without one: docs/deploying.md."
        )
    SECRET_KEY = _development_key()

ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[] if PRODUCTION else ["*"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "crm.team.apps.BackOfficeConfig",
    "django_htmx",
    "django_countries",
    "simple_history",
    "allauth",
    "allauth.account",
    "axes",
    "csp",
    "django_structlog",
    "crm.look",
    "crm.team.apps.TeamConfig",
    "crm.jobs",
    "crm.lists",
    "accounts",
    "contacts",
    "complaints",
    "segmentation",
    "crm.home",
    "crm.demo",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "crm.team.middleware.LocalTimeMiddleware",
    "crm.team.middleware.WhoseMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "crm.team.middleware.RequestLog",
    "simple_history.middleware.HistoryRequestMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "crm.urls"
WSGI_APPLICATION = "crm.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "crm.home.context.navigation",
            ],
        },
    }
]

# Database -----------------------------------------------------------------------------------------------------------
DATABASES = {"default": env.db_url("DATABASE_URL", default=f"sqlite:///{VAR_DIR / 'opieka.sqlite3'}")}
DATABASES["default"]["CONN_MAX_AGE"] = env.int("CONN_MAX_AGE", default=60)
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
if "sqlite" in DATABASES["default"]["ENGINE"]:
    # One writer: take its place in the queue at BEGIN, wait for it, and let readers read meanwhile.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 30,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-65536;",
    }
elif "postgresql" in DATABASES["default"]["ENGINE"]:
    # A job lives as long as its session's lock. The server must notice a dead client within a minute or so, also one
    # that vanished with its machine, and also while the session waits for somebody else's lock.
    CHECKED_EVERY = 10_000  # ms
    DATABASES["default"].setdefault("OPTIONS", {}).setdefault(
        "options",
        f"-c client_connection_check_interval={CHECKED_EVERY}"
        " -c tcp_keepalives_idle=30 -c tcp_keepalives_interval=10 -c tcp_keepalives_count=3"
        # Compiling a statement of many CASEs costs seconds and saves milliseconds (docs/architecture.md, traps).
        " -c jit=off",
    )
SILENCED_SYSTEM_CHECKS = [
    "models.W040"
]  # SQLite ignores the columns that an index includes, and loses nothing by it
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# People who sign in -------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "team.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "crm.team.signing_in.Backend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home:landing"
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_ADAPTER = "crm.team.signing_in.AccountAdapter"
ACCOUNT_FORMS = {"login": "crm.team.signing_in.LoginForm"}
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = True
# Nobody signs up here: the mail to an unknown address would link to a sign-up page, which does not exist (a 500).
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_RATE_LIMITS = {"login_failed": None}  # django-axes counts these, across processes
# One person's failures must lock out that person only, not everybody behind the same address.
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_USERNAME_CALLABLE = "crm.team.signing_in.axes_username"
AXES_FAILURE_LIMIT = 8
AXES_COOLOFF_TIME = 0.5  # hours
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_TEMPLATE = "account/locked_out.html"
AXES_VERBOSE = False
AXES_ENABLE_ADMIN = False  # the list of users has the one act that is needed: lift a lock-out
SESSION_COOKIE_AGE = 60 * 60 * 24 * 30

# Language and time --------------------------------------------------------------------------------------------------
LANGUAGE_CODE = "en"
# The languages the pages can be shown in; a user's language may be another (customers read it, pages follow later).
LANGUAGES = [("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = env.str("TIME_ZONE", default="Europe/Warsaw")

# The company --------------------------------------------------------------------------------------------------------
BASE_CURRENCY = env.str("BASE_CURRENCY", default="EUR")
# The tabs of the account page, and what stands on its Overview and in its head, in order; an app above accounts adds
# its own here (accounts/panels.py says how).
ACCOUNT_PANELS = (
    "accounts.tabs.Overview",
    "contacts.panels.Timeline",
    "accounts.tabs.Purchases",
    "accounts.tabs.Persons",
    "complaints.panels.Complaints",
    "segmentation.panels.TierHistory",
    "accounts.tabs.History",
)
ACCOUNT_BLOCKS = (
    "accounts.tabs.PurchaseFigures",
    "contacts.figures.ContactFigures",
    "accounts.tabs.PurchasesByMonth",
    "contacts.coverage.Coverage",
    "contacts.panels.Latest",
    "segmentation.panels.WhyThisTier",
    "contacts.panels.NextContacts",
    "contacts.wish_panel.Wishes",
    "contacts.panels.Promises",
    "accounts.tabs.Sites",
    "accounts.belonging.Belonging",
)
# What apps add to each person's card on the Persons tab.
PERSON_CARDS = ("contacts.wish_panel.PersonWishes",)
# Blocks that stand on the one-page brief before a visit (contacts.views.brief), each where it says something.
ACCOUNT_BRIEF = (
    "complaints.panels.LatestComplaints",
    "accounts.tabs.PurchasesByMonth",
    "segmentation.panels.WhyThisTier",
)
# What everybody must know who is about to contact an account, in order (accounts/alerts.py).
ACCOUNT_ALERTS = ("complaints.alerts.OpenComplaints",)
# What apps say of the agenda items that they put on the queue (contacts/queue_notes.py).
QUEUE_NOTES = ("complaints.on_the_queue.TimeLeft", "complaints.on_the_queue.AfterClosing")
# Functions called on commit with account_ids, today and now when something changed by hand that planning reads.
ACCOUNT_CHANGED = ("contacts.tasks.plan_changed", "complaints.clock.refresh_accounts")
# Functions called on commit with user_ids, today and now when somebody's working days or contact minutes changed.
CALENDAR_CHANGED = ("contacts.tasks.plan_calendars",)
# Counts the work that falls into absences (crm/team/work_in_absences.py says what it is given).
ABSENCE_WORK = "contacts.absences.work_in"
# What an owner is told after an absence, in order (contacts/while_away.py says how a part is made).
WHILE_AWAY = (
    "contacts.while_away.Contacts",
    "contacts.while_away.Promises",
    "complaints.while_away.Complaints",
    "segmentation.while_away.Tiers",
    "contacts.while_away.Owners",
    "contacts.while_away.Moved",
)
# Functions called on commit with import_id, undone, today and now when an import was written or taken back.
IMPORTED = ("contacts.tasks.fire_after_import",)
# What happens at accounts that a trigger rule may follow (contacts/events.py says how a source is made).
EVENT_SOURCES = (
    "accounts.events.FirstPurchases",
    "accounts.events.Purchases",
    "accounts.events.PromisedDeliveries",
    "accounts.events.Deliveries",
    "accounts.events.LateDeliveries",
    "accounts.events.Replacements",
    "accounts.events.Lapsing",
    "accounts.events.PersonsLeft",
    "complaints.events.ComplaintsClosed",
    "segmentation.events.TierChanges",
)
# Classes that have a say when two accounts become one (accounts.merging.parts); who takes locks first stands first.
ACCOUNT_MERGING = (
    "segmentation.merging.TiersMerging",
    "contacts.merging.ContactsMerging",
    "complaints.merging.ComplaintsMerging",
)
# The lists, in the order of the navigation (crm/lists/listing.py says how one is made).
LISTS = (
    "accounts.account_list.AccountListing",
    "contacts.person_list.PersonListing",
    "accounts.purchase_list.PurchaseListing",
    "contacts.touchpoint_list.TouchpointListing",
    "complaints.complaint_list.ComplaintListing",
    "complaints.board.BoardListing",
    "segmentation.change_listing.ChangeListing",
)
STYLEGUIDE = DEBUG

# Static files, security ---------------------------------------------------------------------------------------------
STATIC_URL = "static/"
STATIC_ROOT = Path(env.str("STATIC_ROOT", default=str(VAR_DIR / "static")))
if not PRODUCTION:
    STATIC_ROOT.mkdir(parents=True, exist_ok=True)  # whitenoise warns at every start where it is missing
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = not PRODUCTION
WHITENOISE_AUTOREFRESH = DEBUG
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "crm.look.static_files.OneStylesheetStorage"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "worker-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PRODUCTION
SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=PRODUCTION)
SECURE_REDIRECT_EXEMPT = [r"^healthz$"]
SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", default=31_536_000 if PRODUCTION else 0)
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = PRODUCTION
if env.bool("BEHIND_PROXY", default=PRODUCTION):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# E-mail -------------------------------------------------------------------------------------------------------------
EMAIL_CONFIG = env.email_url("EMAIL_URL", default="consolemail://")
vars().update(EMAIL_CONFIG)
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="opieka@localhost")
EMAIL_TIMEOUT = 20  # seconds; without it a mail server that hangs would hold a worker for good
# Where the site is, for links in mails that no request stands behind.
SITE_ADDRESS = env.str(
    "SITE_ADDRESS",
    default=next(iter(CSRF_TRUSTED_ORIGINS), f"http://localhost:{env.str('PORT', default='8000')}"),
).rstrip("/")

# Jobs ---------------------------------------------------------------------------------------------------------------
CELERY_BROKER_URL = env.str("CELERY_BROKER_URL", default="filesystem://localhost")
BROKER_DIR = VAR_DIR / "broker"
if CELERY_BROKER_URL.startswith("filesystem"):
    # One machine needs no server. in and out are one folder: what a process writes, the worker reads.
    for folder in ("messages", "processed", "control"):
        (BROKER_DIR / folder).mkdir(parents=True, exist_ok=True)
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(BROKER_DIR / "messages"),
        "data_folder_out": str(BROKER_DIR / "messages"),
        "processed_folder": str(BROKER_DIR / "processed"),
        "control_folder": str(BROKER_DIR / "control"),
        "store_processed": False,
        "polling_interval": 0.05,
    }
else:
    # Longer than any task may run (time limits below), or Redis would hand a running task to a second worker.
    # A broker that does not answer must not keep a person waiting who only asked for a job.
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "visibility_timeout": 3600,
        "socket_connect_timeout": 2,
        "socket_keepalive": True,
        "retry_on_timeout": True,
    }
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_SOFT_TIME_LIMIT = 1500
CELERY_TASK_TIME_LIMIT = 1800
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 1, "interval_start": 0.1, "interval_max": 0.1}
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR_DIR / "beat-schedule")
CELERY_TIMEZONE = TIME_ZONE
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False

LOG_LEVEL = env.str("LOG_LEVEL", default="INFO" if PRODUCTION else "WARNING")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "plain": {
            "()": structlog.stdlib.ProcessorFormatter,
            "processor": structlog.processors.KeyValueRenderer(
                key_order=["timestamp", "level", "logger", "event"]
            ),
            "foreign_pre_chain": [
                structlog.contextvars.merge_contextvars,
                structlog.stdlib.add_log_level,
                structlog.stdlib.add_logger_name,
                structlog.processors.TimeStamper(fmt="iso"),
            ],
        }
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
}
structlog.configure(
    processors=[
        structlog.stdlib.filter_by_level,
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso"),
        structlog.processors.format_exc_info,
        structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
    ],
    logger_factory=structlog.stdlib.LoggerFactory(),
    cache_logger_on_first_use=True,
)
