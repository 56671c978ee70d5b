"""The SQL of this plugin, one module per kind of row.

What is counted for a row is counted by subqueries that follow indexes from that row's key: a page costs the
index entries of its own rows, and nothing is sorted, grouped or multiplied.
"""
