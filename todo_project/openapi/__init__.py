"""What all operations of the OpenAPI document share, and the page `/docs`."""
