"""What complaints teach (docs/domain.md, 6 and 8): what goes wrong, where, how fast we are, what it costs. Reads only.

Each question has a module; all of them ask about a `Scope`: what somebody may see, of a period and a team. Sums and
shares come from the database; rows of single accounts only as many as are asked for.
"""
