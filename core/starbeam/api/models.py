"""Tables that core owns, and what tables of plugins are made of."""

from starbeam.db.models import (
    AdminVar,
    IspybTable,
    Laboratory,
    Permission,
    Person,
    UserGroup,
    UserGroup_has_Permission,
    UserGroup_has_Person,
    WholeSeconds,
    always_named,
    filled_by_database,
    mapped,
    optional_column,
    secret_column,
    varying_column,
)

__all__ = [
    "AdminVar",
    "IspybTable",
    "Laboratory",
    "Permission",
    "Person",
    "UserGroup",
    "UserGroup_has_Permission",
    "UserGroup_has_Person",
    "WholeSeconds",
    "always_named",
    "filled_by_database",
    "mapped",
    "optional_column",
    "secret_column",
    "varying_column",
]
