"""Makes a release of all distributions: `make release VERSION=…` (docs/how-to/release.md)."""
