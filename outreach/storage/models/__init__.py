"""The tables of Outreach, one module per part of the story."""

from outreach.storage.models.base import Base
from outreach.storage.models.coverage import CoverageWatch
from outreach.storage.models.inbound import (
    CarrierWord,
    Media,
    MediaContent,
    MediaStatus,
    VoiceCall,
)
from outreach.storage.models.inbox import InboxEvent, InboxStatus
from outreach.storage.models.ledger import (
    Campaign,
    CampaignStatus,
    JourneyVersion,
    Touchpoint,
)
from outreach.storage.models.lots import LotUse
from outreach.storage.models.messages import Attempt, Message, Receipt
from outreach.storage.models.occasions import Closure, Occasion
from outreach.storage.models.people import (
    Consent,
    ContactPoint,
    ContactStatus,
    Identifier,
    IdentifierKind,
    Patient,
    Site,
)
from outreach.storage.models.permissions import Permission, PermissionSource
from outreach.storage.models.replies import (
    Conversation,
    ConversationStatus,
    FollowUp,
    FollowUpNote,
    Reply,
    ResponseStatus,
    SurveyResponse,
)
from outreach.storage.models.senders import BreakerRow, PatientSender
from outreach.storage.models.takeovers import StaffWord, Takeover
from outreach.storage.models.visits import (
    Appointment,
    Dose,
    DoseLog,
    DoseStatus,
    Regimen,
    RegimenStatus,
)

__all__ = [
    "Appointment",
    "Attempt",
    "Base",
    "BreakerRow",
    "Campaign",
    "CampaignStatus",
    "CarrierWord",
    "Closure",
    "Consent",
    "ContactPoint",
    "ContactStatus",
    "Conversation",
    "ConversationStatus",
    "CoverageWatch",
    "Dose",
    "DoseLog",
    "DoseStatus",
    "FollowUp",
    "FollowUpNote",
    "Identifier",
    "IdentifierKind",
    "InboxEvent",
    "InboxStatus",
    "JourneyVersion",
    "LotUse",
    "Media",
    "MediaContent",
    "MediaStatus",
    "Message",
    "Occasion",
    "Patient",
    "PatientSender",
    "Permission",
    "PermissionSource",
    "Receipt",
    "Regimen",
    "RegimenStatus",
    "Reply",
    "ResponseStatus",
    "Site",
    "StaffWord",
    "SurveyResponse",
    "Takeover",
    "Touchpoint",
    "VoiceCall",
]
