"""The commands of `gatepost`: each reads its arguments, calls one use case and says what came of it."""
