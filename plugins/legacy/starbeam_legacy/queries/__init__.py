"""The SQL of this plugin, one module per kind of row."""
