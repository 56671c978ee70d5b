"""How templates become Python: as Jinja makes it, but what is done for each cell of a table takes less."""

from __future__ import annotations

from types import FunctionType
from typing import TYPE_CHECKING, Any

from jinja2 import nodes
from jinja2.compiler import CodeGenerator
from jinja2.runtime import Context, Macro

from starbeam_web.parts import END

if TYPE_CHECKING:
    from jinja2 import Environment
    from jinja2.compiler import Frame

_ROWS, _KEYS = "rows_of_the_table", "keys_of_the_table"


class Compiler(CodeGenerator):
    """`{% call(row, key) %}` writes all cells of a table by loops within one call, not by a call for each."""

    def visit_CallBlock(self, node: nodes.CallBlock, frame: Frame) -> None:
        """Write the Python of a block that a macro calls."""
        super().visit_CallBlock(_at_once(node, self.environment) if _is_table(node) else node, frame)


def _is_table(node: nodes.CallBlock) -> bool:
    """Whether it is `{% call(row, key) parts.table(…) %}`, by whatever names of row and key."""
    called = node.call.node
    return isinstance(called, nodes.Getattr) and called.attr == "table" and len(node.args) == 2


def _at_once(node: nodes.CallBlock, environment: Environment) -> nodes.CallBlock:
    """`{% call(rows, keys) %}` with the block within `{% for row in rows %}{% for key in keys %}`, ended by a
    mark that no value can hold, since values are escaped."""
    row, key = (one.name for one in node.args)
    ended = [*node.body, nodes.Output([nodes.TemplateData(END)])]
    of_row = nodes.For(_name(key, "store"), _name(_KEYS), ended, [], None, False)
    of_table = nodes.For(_name(row, "store"), _name(_ROWS), [of_row], [], None, False)
    given = [_name(_ROWS, "param"), _name(_KEYS, "param")]
    block = nodes.CallBlock(node.call, given, [], [_looked_up(node), of_table])
    block.set_lineno(node.lineno).set_environment(environment)
    return block


def _looked_up(node: nodes.CallBlock) -> nodes.Node:
    """Nothing that is ever written: Jinja looks up, once and before the loops, all names that stand here."""
    names = [*node.find_all(nodes.Name)]
    free = {one.name for one in names} - {one.name for one in names if one.ctx != "load"} - {"loop"}
    return nodes.If(nodes.Const(False), [nodes.Output([_name(one) for one in sorted(free)])], [], [])


def _name(name: str, use: str = "load") -> nodes.Name:
    return nodes.Name(name, use)


class Calls(Context):
    """Calls macros and plain functions at once; Jinja asks each what it wants to be given besides."""

    def call(__self, __obj: Any, *args: Any, **kwargs: Any) -> Any:
        """What a function of a template gives."""
        kind = type(__obj)
        if kind is Macro or (kind is FunctionType and not hasattr(__obj, "jinja_pass_arg")):
            kwargs.pop("_block_vars", None)
            kwargs.pop("_loop_vars", None)
            return __obj(*args, **kwargs)
        return super().call(__obj, *args, **kwargs)
