"""Contacts that took place, contacts to be made, and the rules between them (docs/domain.md, sections 2, 3 and 5)."""

from contacts.models.choices import Outcome, Reason
from contacts.models.follow_ups import AgendaItem, FollowUp
from contacts.models.planning import CadenceStart, PlannedAccount, PlanningPass, UnmetRule
from contacts.models.portfolios import HandOver, Restart
from contacts.models.rules import ContactRule, TriggerFiring
from contacts.models.sending import CalendarFeed, Digest, Invitation
from contacts.models.touchpoints import Promise, Touchpoint
from contacts.models.wishes import BackOffLift, ContactWish

__all__ = [
    "AgendaItem",
    "BackOffLift",
    "CadenceStart",
    "CalendarFeed",
    "ContactRule",
    "ContactWish",
    "Digest",
    "FollowUp",
    "HandOver",
    "Invitation",
    "Outcome",
    "PlannedAccount",
    "PlanningPass",
    "Promise",
    "Reason",
    "Restart",
    "Touchpoint",
    "TriggerFiring",
    "UnmetRule",
]
