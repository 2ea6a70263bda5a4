"""Static files in production: named by their content, compressed, and one stylesheet instead of fifty."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from django.core.files.base import ContentFile
from whitenoise.storage import CompressedManifestStaticFilesStorage

STYLESHEET = "css/app.css"
_IMPORT = re.compile(r'^@import url\("(?P<file>[^"]+)"\) layer\((?P<layer>[\w-]+)\);$', re.MULTILINE)

_MODULE_IMPORT = (
    r"""(?P<matched>import(?P<import>\s*\{[^}]*\})\s*from\s*"(?P<url>\./[^"]+)"\s*;)""",
    """import%(import)s from "%(url)s";""",
)


class OneStylesheetStorage(CompressedManifestStaticFilesStorage):
    """Puts the files that app.css imports into it: a browser then waits for one file, not for one after another.

    The imported files lie in folders beside app.css and refer to no other file, so nothing in them has to be rewritten.
    Our modules name each other by content as well. (Django's own switch for that would look into the files of others
    too, whose imports it cannot follow.)
    """

    patterns = (*CompressedManifestStaticFilesStorage.patterns, ("js/*.js", (_MODULE_IMPORT,)))

    def post_process(self, paths: dict[str, Any], dry_run: bool = False, **options: Any) -> Iterator[Any]:
        if STYLESHEET in paths and not dry_run:
            # From the sources: what an earlier run has put together may be newer than a part that changed since.
            whole = _IMPORT.sub(lambda found: self._layer(paths, found), self._source(paths, STYLESHEET))
            self.delete(STYLESHEET)
            self._save(STYLESHEET, ContentFile(whole.encode()))
            paths = {**paths, STYLESHEET: (self, STYLESHEET)}
        yield from super().post_process(paths, dry_run, **options)

    def _layer(self, paths: dict[str, Any], found: re.Match[str]) -> str:
        return f"@layer {found['layer']} {{\n{self._source(paths, 'css/' + found['file'])}}}"

    def _source(self, paths: dict[str, Any], name: str) -> str:
        storage, path = paths[name]
        with storage.open(path) as file:
            return str(file.read().decode())
