"""Where spans go when there is no collector: segments beside the local store."""
