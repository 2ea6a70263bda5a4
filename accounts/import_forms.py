"""The forms of imports: bringing a file, how it is read, presets, sources."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.beginnings import Beginning, missing
from accounts.folders import check_folder
from accounts.importing.fields import FIELDS_OF, FieldSpec
from accounts.importing.recognising import ReadingOptions
from accounts.models import ImportPreset, ImportSource, Upload
from accounts.models.importing import ImportKind
from accounts.receiving import was_too_large
from accounts.uploads import State
from crm.look.figures import number
from crm.team.models import User

Words = str | Promise

WORDS: Mapping[str, Mapping[str, Words]] = {
    "encoding": {
        "ascii": "UTF-8",
        "utf-8": "UTF-8",
        "utf-16-le": "UTF-16 LE",
        "utf-16-be": "UTF-16 BE",
        "cp1250": gettext_lazy("Windows 1250 (Polish, Hungarian)"),
        "cp1251": gettext_lazy("Windows 1251 (Bulgarian)"),
        "cp1252": gettext_lazy("Windows 1252 (Western)"),
        "iso-8859-2": gettext_lazy("ISO 8859-2 (Polish, Hungarian)"),
    },
    "delimiter": {
        ",": gettext_lazy("comma ,"),
        ";": gettext_lazy("semicolon ;"),
        "\t": gettext_lazy("tab"),
        "|": gettext_lazy("bar |"),
    },
    "decimal": {
        "point": gettext_lazy("point: 1234.56"),
        "comma": gettext_lazy("comma: 1234,56"),
        "mixed": gettext_lazy("mixed"),
    },
    "dates": {
        "dmy": gettext_lazy("day first: 31.12.2026"),
        "mdy": gettext_lazy("month first: 12/31/2026"),
        "ymd": gettext_lazy("year first: 2026-12-31"),
        "mixed": gettext_lazy("mixed"),
    },
}
"""What the values of ReadingOptions are called on the page."""
LABELS: Mapping[str, Words] = {
    "encoding": gettext_lazy("Encoding"),
    "delimiter": gettext_lazy("Separator"),
    "decimal": gettext_lazy("Decimals"),
    "dates": gettext_lazy("Dates"),
    "sheet": gettext_lazy("Sheet"),
}


class FileForm(forms.Form):
    """Bring a file."""

    kind = forms.ChoiceField(
        label=gettext_lazy("What is in it"),
        choices=[("", gettext_lazy("Told by its columns")), *ImportKind.choices],
        required=False,
        widget=forms.RadioSelect,
    )
    file = forms.FileField(
        label=gettext_lazy("File"),
        max_length=None,
        error_messages={
            "required": gettext_lazy("Choose a file first."),
            "empty": gettext_lazy("The file is empty. Its first line must hold the names of the columns."),
        },
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,.tsv,.xlsx,.gz", "class": "file"}),
    )

    def __init__(self, *args: Any, request: Any = None, **kwargs: Any) -> None:
        self.too_large = request is not None and was_too_large(request)
        super().__init__(*args, **kwargs)
        if self.too_large:
            self.fields["file"].error_messages["required"] = _(
                "The file is larger than %(limit)s MB. Compress it (gzip), or export it in several parts."
            ) % {"limit": number(settings.UPLOAD_LIMIT // 1_000_000)}


# How a file is read -------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Column:
    """One line of the mapping table: a field of ours and the column that holds it."""

    spec: FieldSpec
    field: forms.BoundField
    example: str
    """What stands in that column in the first row that has something; empty where nothing does."""
    lacking: bool
    """It is required, and has no column."""


class SettingsForm(forms.Form):
    """How an upload is read and which column is which field; it says what is, `chosen` says what was sent."""

    kind = forms.ChoiceField(label=gettext_lazy("What is in it"), choices=ImportKind.choices)
    preset = forms.ModelChoiceField(
        label=gettext_lazy("Preset"),
        queryset=ImportPreset.objects.none(),
        required=False,
        empty_label=gettext_lazy("None"),
    )
    create_accounts = forms.BooleanField(
        label=gettext_lazy("Make an account for a code that is not known yet"), required=False
    )

    def __init__(self, upload: Upload) -> None:
        self.upload, self.beginning = upload, Beginning.from_json(upload.looked)
        initial = {
            "kind": upload.kind,
            "preset": upload.preset_id,
            "create_accounts": upload.create_accounts,
            **upload.reading,
            **{f"column-{name}": column for name, column in upload.mapping.items()},
        }
        super().__init__(initial=initial, auto_id="set-%s")
        self.fields["preset"].queryset = ImportPreset.objects.filter(kind=upload.kind)  # type: ignore[attr-defined]
        for name in self._options():
            self.fields[name] = forms.ChoiceField(
                label=str(LABELS[name]), choices=self._choices(name), required=False
            )
        columns = [("", _("not read")), *((column, column) for column in self.beginning.header if column)]
        for spec in FIELDS_OF[ImportKind(upload.kind)]:
            self.fields[f"column-{spec.name}"] = forms.ChoiceField(
                label=str(spec.label), choices=columns, required=False
            )

    def _options(self) -> list[str]:
        """The reading options that say something about this kind of file."""
        if self.beginning.recognised.get("format") == "xlsx":
            return ["sheet", "decimal", "dates"] if self.beginning.sheets else ["decimal", "dates"]
        return ["encoding", "delimiter", "decimal", "dates"]

    def _choices(self, name: str) -> list[tuple[str, Words]]:
        recognised = str(self.beginning.recognised.get(name, ""))
        if name == "sheet":
            return [(sheet, sheet) for sheet in self.beginning.sheets]
        words = WORDS[name]
        found = words.get(recognised, "")
        automatic = (
            _("recognised: %(what)s") % {"what": found} if found and not self._asked(name) else _("recognise")
        )
        return [("", automatic), *((value, words[value]) for value in ReadingOptions.CHOICES[name])]

    def _asked(self, name: str) -> bool:
        return bool(self.upload.reading.get(name))

    @property
    def reading_fields(self) -> list[forms.BoundField]:
        """The fields of how the file is read."""
        return [self[name] for name in self._options()]

    @property
    def columns(self) -> list[Column]:
        """The mapping table."""
        lacking = {spec.name for spec in missing(self.upload.kind, self.upload.mapping)}
        found = []
        for spec in FIELDS_OF[ImportKind(self.upload.kind)]:
            column = self.upload.mapping.get(spec.name, "")
            found.append(
                Column(spec, self[f"column-{spec.name}"], self._example(column), spec.name in lacking)
            )
        return found

    def _example(self, column: str) -> str:
        if not column or column not in self.beginning.header:
            return ""
        place = self.beginning.header.index(column)
        return next((row[place] for row in self.beginning.sample if row[place : place + 1] != [""]), "")

    @property
    def unread(self) -> list[str]:
        """The columns of the file that no field takes."""
        used = set(self.upload.mapping.values())
        return [column for column in self.beginning.header if column and column not in used]

    @property
    def headings(self) -> list[tuple[str, str]]:
        """The columns of the sample: what the file calls them, and the field they become ("" for none)."""
        labels = {spec.name: str(spec.label) for spec in FIELDS_OF[ImportKind(self.upload.kind)]}
        fields = {column: labels[name] for name, column in self.upload.mapping.items() if column}
        return [(column, fields.get(column, "")) for column in self.beginning.header]


@dataclass(frozen=True)
class Chosen:
    """What a form of settings says."""

    kind: str
    reading: dict[str, str]
    mapping: dict[str, str]
    create_accounts: bool
    preset: ImportPreset | None

    @classmethod
    def from_post(cls, data: Mapping[str, Any], upload: Upload) -> Chosen:
        """Read leniently: what is not known counts as not said, for another browser may have changed it since."""
        kind = data.get("kind", "")
        options = (*ReadingOptions.CHOICES, "sheet")
        reading = {name: data[name] if name in data else upload.reading.get(name, "") for name in options}
        number_of_preset = data.get("preset", "")
        return cls(
            kind=kind if kind in ImportKind.values else upload.kind,
            reading={name: value for name, value in reading.items() if value},
            mapping={
                spec.name: data[f"column-{spec.name}"]
                if f"column-{spec.name}" in data
                else upload.mapping.get(spec.name, "")
                for spec in FIELDS_OF[ImportKind(upload.kind)]
            },
            create_accounts="create_accounts" in data,
            preset=ImportPreset.objects.filter(pk=number_of_preset).first()
            if number_of_preset.isdecimal()
            else None,
        )


# Presets and sources ------------------------------------------------------------------------------------------------
class PresetForm(forms.ModelForm):
    """Another name for a preset."""

    class Meta:
        model = ImportPreset
        fields = ["name"]

    def clean_name(self) -> str:
        name = self.cleaned_data["name"].strip()
        others = ImportPreset.objects.filter(kind=self.instance.kind, name=name).exclude(pk=self.instance.pk)
        if others.exists():
            raise forms.ValidationError(
                _("There is a preset “%(name)s” already. Take another name."), params={"name": name}
            )
        return name


class SourceForm(forms.ModelForm):
    """A folder or a program from which files come by themselves."""

    class Meta:
        model = ImportSource
        fields = ["name", "kind", "preset", "create_accounts", "folder", "active"]
        labels = {
            "kind": gettext_lazy("What is in the files"),
            "create_accounts": gettext_lazy("Make an account for a code that is not known yet"),
            "active": gettext_lazy("Takes files"),
        }
        help_texts = {
            "preset": gettext_lazy("Without one, columns are recognised in each file by their names."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        preset = self.fields["preset"]
        preset.label_from_instance = lambda one: f"{one.get_kind_display()}: {one.name}"  # type: ignore[attr-defined]
        preset.empty_label = _("None")  # type: ignore[attr-defined]
        self.fields["folder"].help_text = _(
            "Below %(root)s. Empty where files come only by the upload address."
        ) % {"root": settings.IMPORT_FOLDER}

    def clean_folder(self) -> str:
        folder = check_folder(self.cleaned_data["folder"])
        before = self.initial.get("folder", "")
        if not folder or folder == before:
            return folder
        if before and self.instance.uploads.filter(state=State.IMPORTING).exists():
            raise forms.ValidationError(
                _("A file from the present folder is still being imported. Change it afterwards.")
            )
        for other in ImportSource.objects.exclude(pk=self.instance.pk).exclude(folder=""):
            if folder == other.folder or f"{folder}/".startswith(f"{other.folder}/"):
                raise forms.ValidationError(
                    _("“%(source)s” takes files from %(folder)s. Take another folder."),
                    params={"source": other.name, "folder": other.folder},
                )
            if other.folder.startswith(f"{folder}/"):
                raise forms.ValidationError(
                    _("The folder of “%(source)s” lies in it (%(folder)s). Take another one."),
                    params={"source": other.name, "folder": other.folder},
                )
        return folder

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        preset = data.get("preset")
        if preset is not None and data.get("kind") and preset.kind != data["kind"]:
            self.add_error(
                "preset",
                _("This preset is for %(kind)s.") % {"kind": preset.get_kind_display().lower()},
            )
        return data

    def save_as(self, user: User, *, now: dt.datetime) -> ImportSource:
        """Save; a new source says who made it."""
        source = self.save(commit=False)
        if source.pk is None:
            source.made_at, source.made_by = now, user
        source.save()
        return source
