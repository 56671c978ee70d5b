"""Believable content of files: detector frames, pictures, plots, maps, spectra, logs, statistics.

Every generator draws from the source of randomness that it is given (`randomness`), and nothing else: the
same seed gives the same bytes.
"""
