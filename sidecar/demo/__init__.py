"""The small site that `./run demo` makes, and a preview of it as each kind of viewer sees it."""
