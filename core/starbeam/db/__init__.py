"""Access to ISPyB databases: facts about the schemas, models, and fresh databases."""
