"""What is done to the tasks from a shell."""
