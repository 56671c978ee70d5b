"""What Starbeam demands of every plugin."""

from starbeam_testing import PluginContract


class TestSkeleton(PluginContract):
    """The checks are inherited."""

    plugin = "skeleton"
