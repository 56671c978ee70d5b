"""What is written, a file for each kind of row, and the rules that all of them keep."""
