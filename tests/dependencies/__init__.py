"""The locked requirements: what is installed, under which licenses, with known vulnerabilities."""
