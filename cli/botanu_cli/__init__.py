"""What people type and look at: the only part of botanu that prints."""
