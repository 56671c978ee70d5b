"""One module for each plugin: `SUITES`, what is measured of it."""
