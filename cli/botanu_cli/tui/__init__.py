"""The dashboard: the CLI's reports on one screen each, live. The tree of files mirrors the screen."""
