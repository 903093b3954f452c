"""Forms in pages: what a buyer and a member see, written for a page whose filters come after us."""
