"""One small module for each library that is joined by hand."""
