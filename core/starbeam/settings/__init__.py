"""The settings of a server: typed, strict, and every error tells all that is wrong.

Later wins: the defaults, the configuration file (TOML), the environment (``STARBEAM_DATABASE__URL``;
``…_FILE`` names a file that holds the value), the command line.
"""

from starbeam.settings.errors import InvalidValue, Problem, SettingsError
from starbeam.settings.loading import Loaded, load, redacted
from starbeam.settings.model import Auth, Database, Files, Plugins, Section, Server, Settings
from starbeam.settings.secrets import secret_problem

__all__ = [
    "Auth",
    "Database",
    "Files",
    "InvalidValue",
    "Loaded",
    "Plugins",
    "Problem",
    "Section",
    "Server",
    "Settings",
    "SettingsError",
    "load",
    "redacted",
    "secret_problem",
]
