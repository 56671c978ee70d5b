"""What Starbeam demands of every plugin."""

from starbeam_testing import PluginContract


class TestHello(PluginContract):
    """The checks are inherited."""

    plugin = "hello"
    open = frozenset({"say_hello"})
