"""One table a step."""
