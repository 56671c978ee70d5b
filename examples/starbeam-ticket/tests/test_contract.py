"""What Starbeam demands of every plugin."""

from starbeam.testing import PluginContract


class TestTicket(PluginContract):
    """The checks are inherited."""

    plugin = "ticket"
