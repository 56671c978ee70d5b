"""What claims of speed rest on. `make bench` and `make suites` run it."""
