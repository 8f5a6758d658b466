"""What dialects share: how a reading looks, the conventions that most build on, token counts by what includes what, and the names of vendors."""
