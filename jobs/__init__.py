"""Work that nobody waits for. A job carries nothing: it looks in the database for what is due."""
