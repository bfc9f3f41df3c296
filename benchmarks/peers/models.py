"""The table of the service, as a model that the three Django peers share."""

from uuid import uuid4

from django.db import models


class Task(models.Model):
    """A task; Python sets the id and the times, as most projects do."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    user_id = models.CharField(max_length=255, editable=False)
    title = models.CharField(max_length=200)
    description = models.TextField(max_length=1000, null=True, blank=True)
    completed = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        app_label = "peers"
        db_table = "tasks"
        managed = False
        ordering = ["-created_at", "-id"]

    def __str__(self) -> str:
        """Return the title."""
        return self.title
