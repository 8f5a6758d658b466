"""Tests of the store on ClickHouse, against the real engine in process."""
