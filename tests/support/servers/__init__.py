"""The servers that tests start, and HTTP clients that put load on them."""
