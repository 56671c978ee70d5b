"""One module for each plugin: what is measured of it."""
