"""WordPress's personal-data tools: what we hold about a person, and forgetting it."""
