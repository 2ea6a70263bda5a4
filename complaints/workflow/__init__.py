"""The one door by which a complaint goes from state to state, and who may do what (docs/domain.md, 6).

Each verb is one transaction: the step, the columns that follow from it, the clock, the owner's queue. All take the
complaint as the caller knows it and look again under a lock; what has changed meanwhile is refused in words.
"""

from complaints.workflow.correcting import About, check_correctable, correct
from complaints.workflow.deciding import approve, decide, refuse
from complaints.workflow.ending import close, reopen, resolve, say_solved
from complaints.workflow.states import FROM, WORKED_ON, acts, may_approve, waiting_for
from complaints.workflow.steps import acknowledge, customer_answered, start, wait_for_customer
from complaints.workflow.taking_back import (
    take_back_decision,
    take_back_filing,
    take_back_message,
    take_back_step,
)
from complaints.workflow.talking import assign, recategorise, say

__all__ = [
    "FROM",
    "WORKED_ON",
    "About",
    "acknowledge",
    "acts",
    "approve",
    "assign",
    "check_correctable",
    "close",
    "correct",
    "customer_answered",
    "decide",
    "may_approve",
    "recategorise",
    "refuse",
    "reopen",
    "resolve",
    "say",
    "say_solved",
    "start",
    "take_back_decision",
    "take_back_filing",
    "take_back_message",
    "take_back_step",
    "wait_for_customer",
    "waiting_for",
]
