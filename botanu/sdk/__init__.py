"""Starting up, and marking runs."""
