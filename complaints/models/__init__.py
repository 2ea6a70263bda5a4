"""Complaints and questions, their catalogues, and what is decided of them (docs/domain.md, section 6)."""

from complaints.models.assigning import Assigning
from complaints.models.catalogues import ComplaintCategory, Kind, RootCause, ServiceLevel
from complaints.models.complaint import Attachment, Complaint, ComplaintMessage, ComplaintStep, State
from complaints.models.deciding import Advice, ComplaintPolicy, Decision
from complaints.models.escalation import Clock, Escalation

__all__ = [
    "Advice",
    "Assigning",
    "Attachment",
    "Clock",
    "Complaint",
    "ComplaintCategory",
    "ComplaintMessage",
    "ComplaintPolicy",
    "ComplaintStep",
    "Decision",
    "Escalation",
    "Kind",
    "RootCause",
    "ServiceLevel",
    "State",
]
