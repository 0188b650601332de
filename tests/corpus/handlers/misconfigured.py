"""A function that refuses to start without its configuration."""

raise RuntimeError("TABLE_NAME is not set")
