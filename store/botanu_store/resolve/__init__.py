"""The spans of one trace as what was billed: each call once. Pure, no database."""
