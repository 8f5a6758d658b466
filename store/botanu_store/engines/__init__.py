"""The database engines: each connects, runs scripts, and names its errors in ours."""
