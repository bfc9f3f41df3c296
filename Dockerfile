# The version of Python is that of .python-version.
FROM python:3.11-slim

# PYTHONUNBUFFERED: what a process prints is in the log even if it is killed.
# HOST: the port must be reachable from outside the container.
ENV PYTHONUNBUFFERED=1 HOST=0.0.0.0

WORKDIR /app

# Before the code, so that a change of the code does not install the packages again.
COPY requirements.txt ./
RUN pip install --no-cache-dir --disable-pip-version-check --root-user-action=ignore --requirement requirements.txt

COPY . ./

# The settings require SECRET_KEY, but this command does not use it; the image does not contain it.
RUN SECRET_KEY=build python manage.py collectstatic --no-input

# Neither root, nor the owner of the code. It is a number, so that `runAsNonRoot` of Kubernetes can
# verify it.
USER 10001:10001

# The default of PORT. The platform may set another.
EXPOSE 8000

# With Python, since the image has no curl. An empty PORT counts as unset, as in the settings.
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s CMD ["python", "-c", "import os; from http.client import HTTPConnection; client = HTTPConnection('127.0.0.1', int(os.environ.get('PORT') or 8000), timeout=4); client.request('GET', '/healthz'); raise SystemExit(client.getresponse().status != 200)"]

# A list, so that SIGTERM reaches the server and not a shell.
CMD ["python", "-m", "todo_project"]
