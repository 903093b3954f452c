"""Who may see what, and when."""
