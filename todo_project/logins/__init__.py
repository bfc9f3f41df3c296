"""The limits of failed logins to the admin, and their pages."""
