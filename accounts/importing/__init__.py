"""Bringing purchases in from a file (docs/domain.md, section 10).

In the order a row travels:

`reading`    a file becomes a header and records, each with its physical line
`fields`     which column holds which field: by name, by preset, by --map
`values`     the text of one field becomes a code, a day or a number
`spool`      a temporary database beside the real one, in which the rows are sorted
`gathering`  the rows of one account and number become one purchase, or are rejected
`writing`    what differs from what stands is written, in one short transaction
`purchases`  the verb that does all of it

A new kind of file (a workbook, another encoding) is another `reading.Table`; nothing after it changes.
"""

from accounts.importing.fields import PRESETS
from accounts.importing.file import import_file
from accounts.importing.reasons import ImportRefused, Reason
from accounts.importing.summary import Summary
from accounts.importing.undo_finding import Kept
from accounts.importing.undoing import Undone, undo_import

__all__ = ["PRESETS", "ImportRefused", "Kept", "Reason", "Summary", "Undone", "import_file", "undo_import"]
