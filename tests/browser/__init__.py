"""Tests of the pages and of the TypeScript client in Chromium: `make browser`."""
