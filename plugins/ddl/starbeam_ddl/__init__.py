"""Fresh ISPyB databases: facts about the two schemas in the field, and the tables made of them."""
