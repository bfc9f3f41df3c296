"""Start gunicorn: `python -m todo_project`.

gunicorn converts WEB_CONCURRENCY to a number before it reads gunicorn.conf.py, and fails with a
traceback if it is empty or no number. Therefore the settings are validated first.
"""

import os
import runpy

from todo_project import settings

os.environ["WEB_CONCURRENCY"] = str(settings.WEB_CONCURRENCY)
runpy.run_module("gunicorn", run_name="__main__", alter_sys=True)
