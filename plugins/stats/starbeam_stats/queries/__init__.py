"""The SQL of this plugin, one module per question."""
