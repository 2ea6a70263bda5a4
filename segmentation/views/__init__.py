"""The pages of the review (docs/domain.md, 4.4): the list with one change beside it, deciding, export.

For managers and admins; everybody else gets 404, as does a change the user may not see. What a verb refuses is shown
where it was asked for.
"""
