"""Clients generated from the OpenAPI document, its linter and a proxy: `make generators`.

openapi-typescript and Redocly belong to the TypeScript client: `tests/browser/test_client.py`.
"""
