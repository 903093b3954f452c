"""The test processor: a Stripe-compatible server with its own ledger and clock. It judges us and so imports nothing of ours."""
