"""Members and their entitlements: the state machine of access."""
