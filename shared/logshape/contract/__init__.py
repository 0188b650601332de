"""The contract: what a team's log lines look like, and what follows from it."""
