"""Every hook that a plugin may implement.

All are called once while the app is built, in the order in which plugins require each other. They are
synchronous and declare things; what they return may be asynchronous. Each says how the results of several
plugins are put together; two plugins that claim the same thing are an error at start that names both. What a
hook returns is compared with its annotation here, and the fields of declarations with theirs.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from starbeam.plugin import hookspec

if TYPE_CHECKING:
    import click
    from litestar.types import ControllerRouterHandler
    from sqlalchemy.orm import DeclarativeBase

    from starbeam.aliases import Alias
    from starbeam.auth.authenticators import Authenticator
    from starbeam.auth.backends import AuthBackend
    from starbeam.auth.refresh import Refresher
    from starbeam.checks import Check
    from starbeam.db.extensions import Extension
    from starbeam.db.indexes import Index
    from starbeam.db.writer import Listener
    from starbeam.demo import DemoData
    from starbeam.lifespan import Lifespan
    from starbeam.observing import Observer
    from starbeam.options import Option
    from starbeam.pages import Pages, Site
    from starbeam.permissions import Permission
    from starbeam.plugin import Context
    from starbeam.repeats import Repeats
    from starbeam.visibility import Rule


@hookspec
def register_models() -> Iterable[type[DeclarativeBase]]:
    """The tables that this plugin owns, as mapped classes.

    Merge: union. Two plugins that own one table are an error.
    """
    raise NotImplementedError


@hookspec
def register_database() -> Iterable[str]:
    """The URL of a second database, for a plugin whose tables are its own and not in ISPyB's: its models
    and revisions are of that one then, and `ctx.own` reads and writes it.

    Merge: each plugin has its own. Of several of one plugin the last counts.
    """
    raise NotImplementedError


@hookspec
def register_migrations() -> Iterable[Path]:
    """Folders of Alembic revisions, for tables of this plugin's own that no ISPyB database has.
    ``starbeam db upgrade`` applies them; they must not touch any other table.

    Merge: each plugin's are applied in plugin order, and counted in a table of its own.
    """
    raise NotImplementedError


@hookspec
def register_indexes() -> Iterable[Index]:
    """Indexes that this plugin's queries want and that not every database has. None is ever created by
    Starbeam: ``starbeam db indexes`` prints the SQL of those that a database lacks.

    Merge: union. What two plugins want is printed once, with the reasons of both.
    """
    raise NotImplementedError


@hookspec
def register_routes(ctx: Context) -> Iterable[ControllerRouterHandler]:
    """Litestar handlers and controllers, with paths below the API root. Each handler declares `access`.

    Merge: union. Two handlers for one method and path are an error.
    """
    raise NotImplementedError


@hookspec
def register_aliases(ctx: Context) -> Iterable[Alias]:
    """Second paths of operations, of core and of other plugins too. The API document shows the first.

    Merge: union. An operation that there is not, and a path that is served already, are errors.
    """
    raise NotImplementedError


@hookspec
def register_permissions() -> Iterable[Permission]:
    """Permissions that this plugin's handlers and rules ask for.

    Merge: union. Two plugins that declare one permission are an error.
    """
    raise NotImplementedError


@hookspec
def register_options() -> Iterable[Option]:
    """Options that administrators change while the server runs, with type, default, title and description.

    Merge: union. Two plugins that declare one option are an error.
    """
    raise NotImplementedError


@hookspec
def register_auth_backends(ctx: Context) -> Iterable[AuthBackend]:
    """Log-in backends, one for each entry of `ctx.backends`.

    Merge: union, in the order of ``[auth.backends]``. The plugin's class must set `backend_name`.
    """
    raise NotImplementedError


@hookspec
def register_authenticators(ctx: Context) -> Iterable[Authenticator]:
    """Credentials that requests may bring instead of the API's own tokens.

    Merge: the guard asks them in plugin order, before it looks for a token; the first that finds its
    credential says who calls.
    """
    raise NotImplementedError


@hookspec
def register_refresher(ctx: Context) -> Iterable[Refresher]:
    """What gives log-ins a refresh token. Answers to log-ins then have `expiresIn` and `refreshToken`.

    Merge: one for a server. A second is an error.
    """
    raise NotImplementedError


@hookspec
def register_repeats(ctx: Context) -> Iterable[Repeats]:
    """What remembers requests with an `Idempotency-Key`, and their answers.

    Merge: one for a server. A second is an error. Without any, nobody looks at the header.
    """
    raise NotImplementedError


@hookspec
def register_listeners(ctx: Context) -> Iterable[Listener]:
    """Functions that are told of every write of core and of all plugins, in its transaction: `writer.written`
    is what was written, `writer.who` who did it.

    Merge: union, called in plugin order. What one raises undoes the write.
    """
    raise NotImplementedError


@hookspec
def register_observers(ctx: Context) -> Iterable[Observer]:
    """What is told of every request and statement, to send traces and figures elsewhere.

    Merge: union, told in plugin order.
    """
    raise NotImplementedError


@hookspec
def register_pages(ctx: Context) -> Iterable[Pages]:
    """Web pages, with their places in the frame, if there is a plugin that serves them.

    Merge: union. Two pages of one address are an error.
    """
    raise NotImplementedError


@hookspec
def register_site(ctx: Context) -> Iterable[Site]:
    """What stands at the server's root, built of the pages that ``ctx.collect("register_pages")`` gives.

    Merge: one for a server. A second is an error.
    """
    raise NotImplementedError


@hookspec
def register_visibility(ctx: Context) -> Iterable[Rule]:
    """Rules for which rows of an entity a person sees: `Allow` widens, `Restrict` narrows.

    Merge: a row is visible when any `Allow` and every `Restrict` of its entity holds.
    """
    raise NotImplementedError


@hookspec
def register_extensions(ctx: Context) -> Iterable[Extension]:
    """What lists of other plugins have more while this one is enabled: fields of their rows, an order, the
    whole list where no page is asked for.

    Merge: one for a list. A second is an error.
    """
    raise NotImplementedError


@hookspec
def register_lifespan(ctx: Context) -> Iterable[Lifespan]:
    """Asynchronous context managers that are open while the app runs: pools, background tasks.

    Merge: entered in plugin order, left in reverse.
    """
    raise NotImplementedError


@hookspec
def register_checks(ctx: Context) -> Iterable[Check]:
    """Named checks that say whether what the plugin depends on works. Read by `/health/ready`.

    Merge: union, prefixed with the plugin's name.
    """
    raise NotImplementedError


@hookspec
def register_commands(cli: click.Group) -> None:
    """Add commands to ``starbeam``. Called when the command line names a command that core does not have.

    Merge: all are called. A command name that is taken is an error.
    """
    raise NotImplementedError


@hookspec
def register_demo_data(ctx: Context) -> Iterable[DemoData]:
    """Generators of believable rows for the demo's database, which holds a facility already.

    Merge: run in plugin order, each in the transaction that fills the demo.
    """
    raise NotImplementedError
