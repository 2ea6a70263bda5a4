"""Insight (docs/domain.md, 8): what the runs found, seen as a whole. Reads only.

Each question has a module; all of them ask about a `Scope`: what somebody may see of a run, narrowed to a team. Sums
and shares come from the database, of an account each only as many as a page shows.
"""
