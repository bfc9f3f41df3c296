"""The URLs of the API. Each is also served with a trailing slash."""

from django.urls import path, register_converter

from tasks.api.path_parameters import TaskIdConverter, UserIdConverter
from tasks.api.views import TaskViewSet

register_converter(UserIdConverter, "user_id")
register_converter(TaskIdConverter, "task_id")

TASKS = "api/<user_id:user_id>/tasks"
TASK = f"{TASKS}/<task_id:task_id>"

task_list = TaskViewSet.as_view({"get": "list", "post": "create", "delete": "bulk_destroy"})
task_detail = TaskViewSet.as_view(
    {"get": "retrieve", "put": "update", "patch": "partial_update", "delete": "destroy"}
)
task_complete = TaskViewSet.as_view({"patch": "complete"})

urlpatterns = [
    path(TASK, task_detail, name="task-detail"),
    path(TASKS, task_list, name="task-list"),
    path(f"{TASK}/complete", task_complete, name="task-complete"),
    path(f"{TASKS}/", task_list),
    path(f"{TASK}/", task_detail),
    path(f"{TASK}/complete/", task_complete),
]
