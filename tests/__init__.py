"""The tests, one file per behaviour; `support` contains what they share."""
