"""Who calls: log-in backends, tokens, and the guard."""
