"""Runs the whole pipeline on one machine: AWS's services over HTTP, a real OpenSearch node, captured lines."""
