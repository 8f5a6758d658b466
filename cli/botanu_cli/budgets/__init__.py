"""Budgets: read from a file or flags, measured on a store, judged, and explained."""
