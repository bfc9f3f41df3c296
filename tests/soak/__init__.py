"""A soak test: clients that record what was acknowledged, while servers are killed."""
