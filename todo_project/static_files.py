"""Static files: hashed and compressed after `collectstatic`, from the packages before it."""

import logging
from typing import Any

from whitenoise.storage import CompressedManifestStaticFilesStorage

log = logging.getLogger(__name__)


class StaticFilesStorage(CompressedManifestStaticFilesStorage):
    """Write hashed and compressed files; name those that there are, and others without a hash."""

    def load_manifest(self) -> Any:
        """Return the hashed names, or none if the manifest is empty or incomplete."""
        try:
            return super().load_manifest()
        except (AttributeError, ValueError):
            log.warning("%s is not valid; run: python manage.py collectstatic", self.manifest_name)
            return {}, ""

    def stored_name(self, name: str) -> str:
        """Return the hashed name, or the name itself if there is no such file.

        `collectstatic` has not run, or the manifest is that of another release.
        """
        try:
            hashed: str = super().stored_name(name)
        except ValueError:
            return name
        return hashed if self.exists(hashed) else name
