"""The proof: a seeded machine that breaks everything round a running sidecar, and a judge that shares no code with it.

`./run crash` runs it; docs/proof.md tells what it does and what it has shown.
"""
