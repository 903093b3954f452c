"""Making and changing what is sold, and the rules of who may see what."""
