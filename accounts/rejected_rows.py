"""What a list of rejected rows says, in groups that people can mend one after another."""

from __future__ import annotations

import csv
import re
from collections import Counter
from pathlib import Path
from typing import Any

from accounts.importing.rejects import delimiter_of_list

MOST_GROUPS = 12
MOST_LINES = 5
MOST_SENTENCES = 3
_MOST_COUNTED = 1000  # different sentences of one reason that are counted one by one
LONGEST_ROW = 300  # characters
_PARTICULAR = re.compile(r"“[^”]*”|\d[\d.,]*")
"""What differs between rows with the same mistake: the text that was found there, and numbers."""


def grouped_rejects(path: Path) -> list[dict[str, Any]]:
    """The most frequent reasons: how many rows, the words and the row of the first, the lines of the first few.

    Where rows of one reason say it with different values, `said` has the most frequent of their sentences, each with
    its rows, and `more` counts the rows that say others.

    path: a CSV with the columns line, reason, and those of the file. A last group without words counts what is left.
    """
    groups: dict[str, dict[str, Any]] = {}
    sentences: dict[str, Counter[str]] = {}
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.reader(file, delimiter=delimiter_of_list(file.readline()) or ",")
        for line, words, *values in rows:
            kind = _PARTICULAR.sub("…", words)
            group = groups.get(kind)
            if group is None:
                row = " · ".join(value for value in values if value)[:LONGEST_ROW]
                groups[kind] = {"count": 1, "words": words, "row": row, "lines": [line]}
                sentences[kind] = Counter([words])
                continue
            said = sentences[kind]
            if words in said or len(said) < _MOST_COUNTED:
                said[words] += 1
            group["count"] += 1
            if len(group["lines"]) < MOST_LINES:
                group["lines"].append(line)
    for kind, said in sentences.items():
        if len(said) > 1:
            shown = said.most_common(MOST_SENTENCES)
            group = groups[kind]
            group["said"] = [{"words": words, "count": count} for words, count in shown]
            group["more"] = group["count"] - sum(count for _words, count in shown)
    found = sorted(groups.values(), key=lambda group: -group["count"])
    if len(found) > MOST_GROUPS:
        rest = sum(group["count"] for group in found[MOST_GROUPS:])
        found = [*found[:MOST_GROUPS], {"count": rest, "words": "", "row": "", "lines": []}]
    return found
