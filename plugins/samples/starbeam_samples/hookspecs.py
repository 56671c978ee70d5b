"""The hook that this plugin adds."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from starbeam.api import hookspec

if TYPE_CHECKING:
    from starbeam.api import Context
    from starbeam_samples.changes.samples import More


@hookspec
def register_sample_changes(ctx: Context) -> Iterable[More]:
    """What else `PATCH /samples/{blSampleId}` takes, and which tokens it is open to for that. Implement it
    with ``@hookimpl(optionalhook=True)``, so that the plugin also works where `samples` is not enabled.

    Merge: union, in plugin order.
    """
    raise NotImplementedError
