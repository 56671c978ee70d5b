"""Commands for who comes from py-ispyb: its settings are carried over, and its API client has a successor."""
