"""Changing groups and permissions, one module per kind of row."""
