"""OTLP in: pieces of files and requests decoded into columns of spans, less their content."""
