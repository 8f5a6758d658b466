"""The commands: each parses, calls the store, and hands the result to output."""
