"""Merging duplicates: accounts and persons become one, reversibly (docs/domain.md, section 9).

`moving` moves what refers to a row, `accounts` and `persons` are the verbs, `parts` is the door for upper floors,
`candidates` finds what looks alike, `comparing` lays two side by side.
"""
