"""Durable state: events, items, users, exposures, releases. See docs/decisions/store.md."""

from prismrec.store.audit import AuditLine
from prismrec.store.experiments import Experiment, under_way
from prismrec.store.keys import Key
from prismrec.store.load import LoadReport
from prismrec.store.ownership import Holder, holder
from prismrec.store.reading import StoreReader, read_store
from prismrec.store.releases import Releases
from prismrec.store.settings import StoreSettings
from prismrec.store.store import Store, open_store

__all__ = [
    "AuditLine",
    "Experiment",
    "Holder",
    "Key",
    "LoadReport",
    "Releases",
    "Store",
    "StoreReader",
    "StoreSettings",
    "holder",
    "open_store",
    "read_store",
    "under_way",
]
