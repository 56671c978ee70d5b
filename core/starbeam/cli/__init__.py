"""The command `starbeam`. What commands of plugins are made of is `starbeam.api.commands`."""

from starbeam.deprecation import moved

_TO_API = ("Failure", "build", "config_option", "json_option", "read_settings")
__getattr__ = moved(__name__, {name: f"starbeam.api.commands.{name}" for name in _TO_API}, until="0.3")
