"""The activity log: what happened, to whom, when, from where. Append-only."""
