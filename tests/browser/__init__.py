"""Tests of the pages, of CORS and of the TypeScript client in Chromium: `make browser`."""
