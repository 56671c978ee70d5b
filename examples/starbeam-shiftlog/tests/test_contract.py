"""What Starbeam demands of every plugin."""

from starbeam.testing import PluginContract


class TestShiftlog(PluginContract):
    """The checks are inherited."""

    plugin = "shiftlog"
