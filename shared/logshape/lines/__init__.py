"""Lines: from what CloudWatch Logs sent to one record for each event, without I/O, clock or environment."""
