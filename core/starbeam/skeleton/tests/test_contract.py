"""What Starbeam demands of every plugin."""

from starbeam.testing import PluginContract


class TestSkeleton(PluginContract):
    """The checks are inherited."""

    plugin = "skeleton"
