"""Bringing accounts, persons, products and purchases in from a file (docs/domain.md, section 10).

In the order a row travels:

`reading`    a file becomes a header and records, each with its physical line
`fields`     which column holds which field: by name, by preset, by --map
`values`, `rows`  the texts of a row become codes, days, numbers
`spool`      a temporary database beside the real one, in which the rows are sorted
`gathering`  purchases: the rows of one account and number become one, or are rejected
`records`    accounts, persons (`customers`) and `products`: a row is one of them, or is rejected
`rejects`    the list of rejected rows
`staging`    temporary tables, the lock, ids, history; what was created and changed is noted for undo
`writing`    purchases: what differs from what stands is written, in one short transaction
`aftermath`  statistics, visibility map, planning, once it is committed
`file`       the verb that does all of it; `kinds` says what every kind of file is to it
`undoing`    the verb that takes it back: `undo_finding` what may go, `undo_writing` how it goes

A new kind of file (a workbook, another encoding) is another `reading.Table`; nothing after it changes.
"""

from accounts.importing.fields import PRESETS
from accounts.importing.file import import_file
from accounts.importing.reasons import ImportRefused, Reason
from accounts.importing.summary import Summary
from accounts.importing.undo_finding import Kept
from accounts.importing.undoing import Undone, undo_import

__all__ = ["PRESETS", "ImportRefused", "Kept", "Reason", "Summary", "Undone", "import_file", "undo_import"]
