"""What runs in the processes that read files, and only there: a fault in HDF5's C code ends one of them and
not the server. Started as ``python -m starbeam_data.reader``."""
