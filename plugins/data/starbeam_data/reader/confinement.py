"""What a reader process gives up before it opens the first file that somebody else wrote."""

from __future__ import annotations

import os
import resource
import sys
import sysconfig
import tempfile
from collections.abc import Sequence
from contextlib import suppress

from starbeam_data import landlock

LIBRARIES = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/etc/ld.so.cache")
"""Where libraries of the system lie, and where the loader looks up which there are."""


class Confinement:
    """This process, which from now on has at most so many bytes of data, and reads below these folders only,
    where the kernel has Landlock."""

    def __init__(self, roots: Sequence[str], memory: int) -> None:
        self._roots = roots
        self._places = _places(roots)
        _leave_all_files()
        for limit in (resource.RLIMIT_CORE, resource.RLIMIT_FSIZE):
            resource.setrlimit(limit, (0, 0))
        resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)  # virtual data sets have thousands of files
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
        with suppress(OSError):  # no Landlock: `starbeam doctor` says so
            landlock.restrict([*roots, *_python(), *LIBRARIES])

    @property
    def outdated(self) -> bool:
        """Whether other folders lie at these paths now, such as one that was mounted since: Landlock knows
        folders, not paths, and forgets nothing."""
        return self._places != _places(self._roots)


def bound_memory(size: int) -> None:
    """Let this process have this many bytes of data until it is told another number."""
    resource.setrlimit(resource.RLIMIT_DATA, (size, resource.getrlimit(resource.RLIMIT_DATA)[1]))


def _places(roots: Sequence[str]) -> list[tuple[int, int] | None]:
    return [_place(root) for root in roots]


def _place(root: str) -> tuple[int, int] | None:
    try:
        found = os.stat(root)  # noqa: PTH116 - also for what no Path can be
    except (OSError, ValueError):
        return None
    return found.st_dev, found.st_ino


def _leave_all_files() -> None:
    """Work in a folder that has no files and can get none: it is deleted."""
    os.chdir("/")
    with suppress(OSError):  # nowhere to make one
        folder = tempfile.mkdtemp(prefix="starbeam-reader-")
        os.chdir(folder)
        os.rmdir(folder)  # noqa: PTH106 - not a path of anybody's


def _python() -> set[str]:
    """The folders of Python and of the packages that are imported: they import more when they need it."""
    paths = sysconfig.get_paths()
    folders = {paths[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    folders |= {f"{prefix}/lib" for prefix in (sys.prefix, sys.base_prefix)}
    for module in list(sys.modules.values()):
        folders.update(getattr(module, "__path__", ()))
    return folders
