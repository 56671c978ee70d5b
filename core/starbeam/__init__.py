"""Starbeam: a plugin framework for the laboratory-information databases of large facilities."""
