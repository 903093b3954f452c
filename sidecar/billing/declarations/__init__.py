"""What somebody declares without signing in: that he cancels a contract, or withdraws from it."""
