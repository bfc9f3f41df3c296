"""Static files: hashed and compressed after `collectstatic`, from the packages before it."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class StaticFilesStorage(CompressedManifestStaticFilesStorage):
    """Write hashed and compressed files; name the hashed ones as soon as there are any."""

    def stored_name(self, name: str) -> str:
        """Return the hashed name, or the name itself if `collectstatic` has not run."""
        return super().stored_name(name) if self.hashed_files else name
