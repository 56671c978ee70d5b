"""What Starbeam demands of every plugin."""

from starbeam_testing import PluginContract


class TestTicket(PluginContract):
    """The checks are inherited."""

    plugin = "ticket"
