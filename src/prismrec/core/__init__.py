"""The words of PrismRec as small immutable types, and the faces between its rooms."""

from prismrec.core.catalogue import Item, Relation, StoredCatalogue, User
from prismrec.core.contracts import (
    CatalogueStore,
    ChatModel,
    Diversity,
    EventLog,
    Evidence,
    Learner,
    Policy,
    Ranker,
    ReleaseStore,
    Retriever,
    Scorer,
    State,
    Storable,
    TextEncoder,
    VectorScorer,
)
from prismrec.core.errors import (
    BadInput,
    BadSettings,
    Busy,
    ChatRefused,
    Conflict,
    Corrupt,
    Locked,
    MissingExtra,
    NewerFormat,
    NotFound,
    PrismError,
    TrainingDiverged,
)
from prismrec.core.events import PAGE_OF, Event, Exposure, Outcome, StoredEvent
from prismrec.core.features import Bags, ItemFeatures
from prismrec.core.ids import Ids
from prismrec.core.interactions import Cases, Interactions, Links, QueryBatch, Sequences
from prismrec.core.judgments import Judgments
from prismrec.core.queries import Filters, Query
from prismrec.core.randomness import generator
from prismrec.core.rules import Rule
from prismrec.core.rulings import RULINGS, Ruling
from prismrec.core.slates import Candidates, Choice, Slate, SlateItem
from prismrec.core.understood import Finding, Understood
from prismrec.core.verdicts import AnswerVerdict

__all__ = [
    "PAGE_OF",
    "RULINGS",
    "AnswerVerdict",
    "BadInput",
    "BadSettings",
    "Bags",
    "Busy",
    "Candidates",
    "Cases",
    "CatalogueStore",
    "ChatModel",
    "ChatRefused",
    "Choice",
    "Conflict",
    "Corrupt",
    "Diversity",
    "Event",
    "EventLog",
    "Evidence",
    "Exposure",
    "Filters",
    "Finding",
    "Ids",
    "Interactions",
    "Item",
    "ItemFeatures",
    "Judgments",
    "Learner",
    "Links",
    "Locked",
    "MissingExtra",
    "NewerFormat",
    "NotFound",
    "Outcome",
    "Policy",
    "PrismError",
    "Query",
    "QueryBatch",
    "Ranker",
    "Relation",
    "ReleaseStore",
    "Retriever",
    "Rule",
    "Ruling",
    "Scorer",
    "Sequences",
    "Slate",
    "SlateItem",
    "State",
    "Storable",
    "StoredCatalogue",
    "StoredEvent",
    "TextEncoder",
    "TrainingDiverged",
    "Understood",
    "User",
    "VectorScorer",
    "generator",
]
