"""Runtime options; for tools the configuration, and the plugins that it may enable."""

from starbeam.clock import LEEWAY
from starbeam.conversion import parsed
from starbeam.discovery import Found, bundled, discover
from starbeam.options import BeamLineGroup, Option, read_values
from starbeam.settings import Files, InvalidValue, Loaded, Problem, SettingsError, load
from starbeam.settings.checks import ISPYB, NONE, check_https, check_tables, web_address
from starbeam.settings.convert import convert_located, description, struct_of
from starbeam.settings.secrets import is_secret, mask_value

__all__ = [
    "ISPYB",
    "LEEWAY",
    "NONE",
    "BeamLineGroup",
    "Files",
    "Found",
    "InvalidValue",
    "Loaded",
    "Option",
    "Problem",
    "SettingsError",
    "bundled",
    "check_https",
    "check_tables",
    "convert_located",
    "description",
    "discover",
    "is_secret",
    "load",
    "mask_value",
    "parsed",
    "read_values",
    "struct_of",
    "web_address",
]
