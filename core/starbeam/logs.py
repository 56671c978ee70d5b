"""The log: one line per event on stderr, JSON for programs, readable on a terminal, and never a secret.

Lines written while a request is served carry its id, its plugin and the person who calls. What the standard
library's loggers say (uvicorn, SQLAlchemy), and warnings, go the same way.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Mapping, MutableMapping
from typing import TYPE_CHECKING, Any

import msgspec

from starbeam import streams
from starbeam.settings.secrets import HIDDEN, is_secret, mask_text

if TYPE_CHECKING:
    from structlog.typing import Processor, WrappedLogger

_SECRET_KEYS = frozenset({"authorization", "cookie"})


_wanted = False


def configure_when_used() -> None:
    """Call `configure` when the first module that writes a log is imported. Many commands need none, and
    structlog takes longer to import than they run."""
    global _wanted
    _wanted = True


def get(name: str) -> Any:
    """The logger of a module."""
    import structlog

    if _wanted:
        configure()
    return structlog.get_logger(name)


def configure() -> None:
    """Send everything that is logged from now on to stderr. A line that it does not take is lost: no log
    stops what it tells of."""
    import structlog
    from structlog.dev import ConsoleRenderer, plain_traceback

    global _wanted
    _wanted = False
    stderr = streams.lossy(sys.stderr)
    readable = stderr.isatty()
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=not readable),
        structlog.processors.format_exc_info,
        mask,
    ]
    renderer: Processor = _json
    if readable:
        colours = not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
        renderer = ConsoleRenderer(colors=colours, exception_formatter=plain_traceback)
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(stderr)
    handler.setFormatter(_formatter([structlog.stdlib.add_logger_name, *shared], renderer))
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.captureWarnings(True)
    logging.getLogger("uvicorn").setLevel(logging.INFO)
    logging.getLogger("uvicorn.error").addFilter(_is_news)
    logging.getLogger("asyncmy").setLevel(logging.ERROR)  # its warnings quote what callers sent


def _is_news(record: logging.LogRecord) -> bool:
    """Whoever ends an answer early, because its file or its client failed, has said why."""
    return record.msg != "ASGI callable returned without completing response."


def _formatter(before: list[Processor], renderer: Processor) -> logging.Formatter:
    """Format lines of the standard library's loggers as those of ours."""
    import structlog

    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=before,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
    )


def mask(logger: WrappedLogger, method: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """Hide secrets: values whose keys say so, and what looks like one in any text, tracebacks included."""
    return {key: _masked(key, value) for key, value in event.items()}


def _masked(key: str, value: Any) -> Any:
    if isinstance(key, str) and (key.lower() in _SECRET_KEYS or is_secret(key)):
        return HIDDEN
    if isinstance(value, str):
        return mask_text(value)
    if isinstance(value, Mapping):
        return {inner: _masked(inner, item) for inner, item in value.items()}
    if isinstance(value, list | tuple):
        return [_masked("", item) for item in value]
    if value is None or isinstance(value, int | float) or key.startswith("_"):
        return value
    return mask_text(str(value))


def _json(logger: WrappedLogger, method: str, event: MutableMapping[str, Any]) -> str:
    """One line of JSON; values that JSON does not know as their text."""
    try:
        return msgspec.json.encode(event, enc_hook=str).decode()
    except Exception:  # halves of surrogates, keys that are no text, no end of nesting: said as it can be
        return msgspec.json.encode({"event": ascii(event)}).decode()
