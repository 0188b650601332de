"""The proof: what must hold between a contract and the records that come of it."""
