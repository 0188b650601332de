"""A function whose package lacks a module."""

import inventory_client


def handle(event: object, _context: object) -> object:
    """Never run: the import above fails."""
    return inventory_client.count(event)
