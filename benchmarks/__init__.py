"""Measurements: each module is one, run by `./run bench NAME`."""
