"""Tests of the API: one file for each behavior that a client can see."""
