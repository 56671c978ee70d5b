"""The SQL of this plugin, one module per kind of row.

What is counted for a row is counted by following indexes from that row's key: a page costs the index entries
of its own rows. Counts that walk the same rows are made in one walk, for all rows of a page.
"""
