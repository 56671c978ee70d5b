"""Adding and changing rows, one module per kind of row."""
