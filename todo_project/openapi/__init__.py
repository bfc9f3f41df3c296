"""What all operations of the OpenAPI document share, the page `/docs`, and the guides."""
