"""Metrics in the format of Prometheus, if METRICS is set. Nothing else imports its library."""
