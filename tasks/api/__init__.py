"""The HTTP API: URLs, views, serializers, and what the OpenAPI document says about them."""
