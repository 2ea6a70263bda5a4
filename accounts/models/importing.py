"""Files that bring customers, persons, products and purchases (docs/domain.md, section 10)."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class ImportKind(models.TextChoices):
    """What the rows of a file are."""

    ACCOUNTS = "accounts", _("Accounts")
    PERSONS = "persons", _("Contact persons")
    PRODUCTS = "products", _("Products")
    PURCHASES = "purchases", _("Purchases")


class ImportPreset(models.Model):
    """How the files of one source are read: which column holds which field, and how its texts are written."""

    kind = models.CharField(_("kind"), max_length=12, choices=ImportKind)
    name = models.CharField(_("name"), max_length=40)
    mapping = models.JSONField(_("mapping"), default=dict)
    """Field -> name of the column."""
    reading = models.JSONField(_("reading"), default=dict)
    """accounts.importing.reading.ReadingOptions as JSON; what is missing is recognised in each file."""
    header = models.JSONField(_("columns"), default=list)
    """The columns of the file it was made from: a file with the same ones is offered this preset."""
    create_accounts = models.BooleanField(_("create accounts"), default=False)
    made_at = models.DateTimeField(_("made at"))
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        verbose_name = _("import preset")
        verbose_name_plural = _("import presets")
        ordering = ["kind", "name"]
        constraints = [models.UniqueConstraint(fields=["kind", "name"], name="one_preset_per_kind_and_name")]

    def __str__(self) -> str:
        return self.name


class ImportSource(models.Model):
    """A folder or a program from which files come by themselves: every night an ERP's, say."""

    name = models.CharField(_("name"), max_length=80, unique=True)
    kind = models.CharField(_("kind"), max_length=12, choices=ImportKind)
    preset = models.ForeignKey(
        ImportPreset, models.PROTECT, null=True, blank=True, related_name="sources", verbose_name=_("preset")
    )
    folder = models.CharField(_("folder"), max_length=200, blank=True)
    """Below settings.IMPORT_FOLDER; empty where files are only delivered by upload."""
    create_accounts = models.BooleanField(_("create accounts"), default=False)
    token_hash = models.CharField(max_length=64, blank=True, editable=False)
    """SHA-256 of the secret with which a program delivers; empty: none may."""
    token_end = models.CharField(max_length=6, blank=True, editable=False)
    """The last characters of the secret, by which people tell secrets apart."""
    active = models.BooleanField(_("active"), default=True)
    seen = models.JSONField(default=dict, editable=False)
    """Files that the last look into the folder left there: name -> [size, time of the last change in ns]."""
    made_at = models.DateTimeField(_("made at"))
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        verbose_name = _("import source")
        verbose_name_plural = _("import sources")
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["token_hash"], condition=~Q(token_hash=""), name="one_import_source_per_token"
            ),
            models.UniqueConstraint(
                fields=["folder"], condition=~Q(folder=""), name="one_import_source_per_folder"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Import(models.Model):
    """One file read into the database: what was asked, what came of it. Written in the import's own transaction."""

    Kind = ImportKind

    kind = models.CharField(_("kind"), max_length=12, choices=Kind)
    file_name = models.CharField(_("file"), max_length=255)
    sha256 = models.CharField(max_length=64)
    preset = models.CharField(_("preset"), max_length=40, blank=True)
    mapping = models.JSONField(_("mapping"), default=dict)
    rows_read = models.PositiveIntegerField(_("rows read"), default=0)
    rows_taken = models.PositiveIntegerField(_("rows taken"), default=0)
    rows_rejected = models.PositiveIntegerField(_("rows rejected"), default=0)
    created = models.PositiveIntegerField(_("created"), default=0)
    changed = models.PositiveIntegerField(_("changed"), default=0)
    unchanged = models.PositiveIntegerField(_("unchanged"), default=0)
    summary = models.JSONField(_("summary"), default=dict)
    """What the import said of itself: accounts.importing.Summary.as_json()."""
    started_at = models.DateTimeField(_("started at"))
    finished_at = models.DateTimeField(_("finished at"))
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    undone_at = models.DateTimeField(_("undone at"), null=True, blank=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        ordering = ["-started_at", "-id"]

    def __str__(self) -> str:
        return self.file_name


class Upload(models.Model):
    """One file that a person, a folder or a program brought: where it lies, how it is read, how far it got."""

    class State(models.TextChoices):
        RECEIVED = "received", _("Received")
        CHECKING = "checking", _("Being checked")
        CHECKED = "checked", _("Checked")
        IMPORTING = "importing", _("Being imported")
        DONE = "done", _("Imported")
        REFUSED = "refused", _("Refused")
        KNOWN = "known", _("Known already")

    uuid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(_("kind"), max_length=12, choices=ImportKind)
    file_name = models.CharField(_("file"), max_length=255)
    """As it was called where it came from."""
    stored_as = models.CharField(max_length=255)
    """Its path below settings.UPLOAD_DIR."""
    size = models.BigIntegerField(_("size"))
    """Bytes."""
    sha256 = models.CharField(max_length=64)
    preset = models.ForeignKey(ImportPreset, models.SET_NULL, null=True, blank=True, related_name="+")
    reading = models.JSONField(default=dict)
    """What somebody chose of accounts.importing.reading.ReadingOptions; the rest is recognised."""
    looked = models.JSONField(default=dict)
    """What was found at the beginning of the file, read that way: accounts.uploads.Beginning as JSON."""
    mapping = models.JSONField(default=dict)
    """Field -> name of the column; a field that is missing or empty is not read."""
    create_accounts = models.BooleanField(_("create accounts"), default=False)
    state = models.CharField(_("state"), max_length=12, choices=State, default=State.RECEIVED)
    summary = models.JSONField(default=dict)
    """Of the last dry run, or of the import."""
    problem = models.TextField(_("problem"), blank=True)
    """Why it was refused, in words."""
    rejected_as = models.CharField(max_length=255, blank=True)
    """The path of the list of rejected rows below settings.UPLOAD_DIR; empty where there is none."""
    job = models.ForeignKey("jobs.Job", models.SET_NULL, null=True, blank=True, related_name="+")
    """The job that checks or imports it, or did so last."""
    checked_as = models.CharField(max_length=64, blank=True)
    """The digest of reading, mapping and options with which it was checked; only that may be imported."""
    asked_at = models.DateTimeField(_("asked at"), null=True, blank=True)
    """When its import was asked for: Import.started_at, by which a job that comes back finds what it wrote."""
    received_at = models.DateTimeField(_("received at"))
    received_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    source = models.ForeignKey(ImportSource, models.SET_NULL, null=True, blank=True, related_name="uploads")
    imported = models.OneToOneField(Import, models.SET_NULL, null=True, blank=True, related_name="upload")
    removed_at = models.DateTimeField(_("removed at"), null=True, blank=True)
    """When its file was removed, since nobody needs it any more; the row stays."""

    class Meta:
        verbose_name = _("upload")
        verbose_name_plural = _("uploads")
        ordering = ["-received_at", "-id"]
        indexes = [models.Index(fields=["-received_at"], name="upload_received")]

    def __str__(self) -> str:
        return self.file_name


class ImportedRow(models.Model):
    """What an import created or changed, so that it can be undone.

    Purchases that an import created are not listed here: Purchase.imported names it, and there may be millions.
    """

    class Target(models.TextChoices):
        ACCOUNT = "account", _("Account")
        PERSON = "person", _("Contact person")
        PRODUCT = "product", _("Product")
        PURCHASE = "purchase", _("Purchase")
        PRODUCT_LINE = "line", _("Product line")
        TAG = "tag", _("Tag")

    imported = models.ForeignKey(Import, models.CASCADE, related_name="rows")
    target = models.CharField(max_length=8, choices=Target)
    object_id = models.BigIntegerField()
    before = models.JSONField(null=True)
    """The fields that people may change, as they stood before (a purchase with its lines); None: it was created."""
    after = models.JSONField(null=True)
    """The same fields as the import left them: what differs from this later has been used since. None of a purchase,
    which says by itself which import wrote it last."""

    class Meta:
        verbose_name = _("imported row")
        verbose_name_plural = _("imported rows")
        constraints = [
            models.UniqueConstraint(
                fields=["imported", "target", "object_id"], name="one_imported_row_per_object"
            )
        ]

    def __str__(self) -> str:
        return f"{self.target} {self.object_id}"
