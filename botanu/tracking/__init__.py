"""Trackers for the operations that cost money."""
