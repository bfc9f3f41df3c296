"""Tests of the API: one file per behaviour that a client can see."""
