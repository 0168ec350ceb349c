"""What can be recommended, and to whom: items, users, and relations between them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["AttributeValue", "Item", "Relation", "StoredCatalogue", "User"]

AttributeValue = str | float | bool | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Item:
    """One thing in the catalogue.

    `created_at` is milliseconds since 1970 UTC. `texts` holds further text fields by name
    (`people`, `abstract`, ...); `vectors` holds named vectors made elsewhere (image, audio, video).
    `extracted` is what was read from its texts of fields that it lacks, by field (`brand`,
    `category`, names of attributes): models learn from it, nothing else takes it for given.
    """

    item_id: str
    title: str = ""
    description: str = ""
    brand: str = ""
    categories: tuple[str, ...] = ()
    attributes: Mapping[str, AttributeValue] = field(default_factory=dict)
    price: float | None = None
    available: bool = True
    created_at: int | None = None
    texts: Mapping[str, str] = field(default_factory=dict)
    vectors: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    extracted: Mapping[str, AttributeValue] = field(default_factory=dict)

    def text(self) -> str:
        """The item as a text encoder reads it: title first, so that truncation costs least."""
        parts = [self.title, self.brand, ", ".join(self.categories), self.description]
        parts += self.texts.values()
        return ". ".join(part.strip() for part in parts if part and part.strip())


@dataclass(frozen=True, slots=True)
class User:
    """One person; `location` is (latitude, longitude) in degrees."""

    user_id: str
    attributes: Mapping[str, AttributeValue] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    location: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Relation:
    """A weighted link between two users (follows) or two items (accessory of)."""

    source: str
    target: str
    kind: str
    weight: float = 1.0
    between: str = "users"


@dataclass(frozen=True, slots=True)
class StoredCatalogue:
    """The catalogue as the store keeps it, in order of position.

    `items[p]` is the item at position p; `removed[p]` is true where it was taken out, its position
    kept for ever. `users[p]` is the user at position p; an erased one has an empty `user_id`.
    """

    items: tuple[Item, ...]
    removed: tuple[bool, ...]
    users: tuple[User, ...] = ()
    relations: tuple[Relation, ...] = ()
