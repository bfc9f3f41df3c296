"""What a client can see, one file for each behaviour."""
