"""Languages of others, each complete, alone and without AWS."""
