"""What claims of speed rest on. Run with `make bench`."""
