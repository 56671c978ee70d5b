"""The folder `plugins.dir`: each file of Python in it is a plugin, of the file's name."""

from __future__ import annotations

import errno
import stat
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

from starbeam.plugin import Plugin


def files_in(folder: Path) -> list[Path]:
    """The files that are plugins: `*.py` but for names that begin with `_` or `.`, in order.

    Raises OSError where the folder or a file is not to be read, and PermissionError where everybody may write
    to it: what is in these files runs with the server's rights.
    """
    files = sorted(file for file in folder.iterdir() if file.suffix == ".py" and file.name[0] not in "._")
    for path in (folder, *files):
        if path.stat().st_mode & stat.S_IWOTH:
            raise PermissionError(errno.EPERM, "everybody may write there", str(path))
    return files


def module_of(file: Path) -> str:
    """The name of a file's module, which is no other's: a plugin may be called like a module of Python's."""
    return f"plugins_dir_{file.stem}"


def class_in(file: Path) -> Any:
    """Import a file and return the plugin class of the file's name; None without one.

    Raises whatever its code raises.
    """
    for value in vars(_imported(file)).values():
        if isinstance(value, type) and issubclass(value, Plugin) and vars(value).get("name") == file.stem:
            return value
    return None


def _imported(file: Path) -> ModuleType:
    name = module_of(file)
    spec = spec_from_file_location(name, file.resolve())
    if spec is None or spec.loader is None:
        raise ImportError(f"{file} is no file of Python")
    there = sys.modules.get(name)
    if there is not None and there.__file__ == spec.origin:
        return there
    module = sys.modules[name] = module_from_spec(spec)  # before it runs: annotations are looked up there
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module
