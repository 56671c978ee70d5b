"""SQL: what the operations answer, and what pages show."""
