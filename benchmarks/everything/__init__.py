"""One table of everything: what each operation costs, as clients ask it, on a database of a facility."""
