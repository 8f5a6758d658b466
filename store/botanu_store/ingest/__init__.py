"""Decoded spans into the tables, exactly once, and what they change: calls, and the runs they belong to."""
