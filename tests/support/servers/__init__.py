"""The servers that tests start, and the clients that put load on them."""
