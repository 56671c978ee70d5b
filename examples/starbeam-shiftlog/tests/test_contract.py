"""What Starbeam demands of every plugin."""

from starbeam_testing import PluginContract


class TestShiftlog(PluginContract):
    """The checks are inherited."""

    plugin = "shiftlog"
