"""What is done to the service from a shell."""
