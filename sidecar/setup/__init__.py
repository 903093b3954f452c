"""Bringing Gatepost onto a site and looking whether it is well there: what an operator does once, and `doctor`."""
