"""Customers, the persons there, what we sell, what they bought, and files that bring it (docs/domain.md, 2)."""

from accounts.models.buying import (
    ExchangeRate,
    Product,
    ProductLine,
    Purchase,
    PurchaseLine,
    RecentProductLine,
)
from accounts.models.customers import Account, AccountTeamMember, Acquaintance, ContactPerson, Tag
from accounts.models.importing import Import, ImportedRow, ImportKind, ImportPreset, ImportSource, Upload
from accounts.models.upkeep import BulkAct, Dismissal, Merge
from accounts.models.values import (
    Channel,
    CodePointCharField,
    Tier,
    country_choices,
    country_name,
    quarter_number,
    spread_number,
)

__all__ = [
    "Account",
    "AccountTeamMember",
    "Acquaintance",
    "BulkAct",
    "Channel",
    "CodePointCharField",
    "ContactPerson",
    "Dismissal",
    "ExchangeRate",
    "Import",
    "ImportKind",
    "ImportPreset",
    "ImportSource",
    "ImportedRow",
    "Merge",
    "Product",
    "ProductLine",
    "Purchase",
    "PurchaseLine",
    "RecentProductLine",
    "Tag",
    "Tier",
    "Upload",
    "country_choices",
    "country_name",
    "quarter_number",
    "spread_number",
]
