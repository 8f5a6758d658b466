"""OTLP in over HTTP and gRPC, segments in the spool out; what is acknowledged is on the disk."""
