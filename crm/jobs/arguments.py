"""What commands take on their command line."""

from __future__ import annotations

import argparse
import datetime as dt


def a_day(text: str) -> dt.date:
    """The date that YYYY-MM-DD names; anything else is refused in words that say what would be right."""
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"“{text}” is no date; write it as 2026-02-28.") from None
