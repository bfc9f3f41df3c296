"""Django settings: first the environment, read once; then what follows from it.

`.env.example` explains every variable. A value that cannot be used stops the
start with one line that says what to set.
"""

import tomllib
from typing import Any

import dj_database_url

from todo_project.environment import BASE_DIR, flag, refuse, text, words

DEBUG = flag("DEBUG", default=False)
SECRET_KEY = text("SECRET_KEY", "only-for-debugging-" * 3 if DEBUG else "")
ALLOWED_HOSTS = words("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
BEHIND_PROXY = flag("BEHIND_PROXY", default=False)
DATABASE_PREPARE = flag("DATABASE_PREPARE", default=True)
DATABASE_URL = text("DATABASE_URL", "sqlite:///db.sqlite3")
CORS_ALLOWED_ORIGINS = words("CORS_ALLOWED_ORIGINS")
CSRF_TRUSTED_ORIGINS = words("CSRF_TRUSTED_ORIGINS")
CONTACT_EMAIL = text("CONTACT_EMAIL", "todo-api@example.com")
LOG_LEVEL = text("LOG_LEVEL", "INFO").upper()

if not SECRET_KEY:
    refuse("SECRET_KEY", "is missing; set it to a long random string, or set DEBUG=true.")
for name, origins in (
    ("CORS_ALLOWED_ORIGINS", CORS_ALLOWED_ORIGINS),
    ("CSRF_TRUSTED_ORIGINS", CSRF_TRUSTED_ORIGINS),
):
    for origin in origins:
        if not origin.startswith(("http://", "https://")) or origin.count("/") != 2:  # noqa: PLR2004
            refuse(name, f"{origin!r} is not an origin; write it as https://app.example.com.")
if LOG_LEVEL not in {"DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"}:
    refuse("LOG_LEVEL", f"{LOG_LEVEL!r} is no level; set DEBUG, INFO, WARNING, ERROR or CRITICAL.")

PREPARE_THRESHOLD = 2 if DATABASE_PREPARE else None
"""How often a connection executes a query before it prepares it."""

DATABASE_URL_FORMS = "set it to postgresql://user:password@host/name or sqlite:///file."


def database(url: str) -> dict[str, Any]:
    """Return Django's settings for the database that `url` names.

    Connections persist, one a thread: opening one to a serverless database costs
    several round trips.
    """
    try:
        parsed: dict[str, Any] = {
            **dj_database_url.parse(url, conn_max_age=None, conn_health_checks=True)
        }
    except ValueError as error:
        refuse("DATABASE_URL", f"cannot be read ({type(error).__name__}); {DATABASE_URL_FORMS}")
    options: dict[str, Any] = parsed.setdefault("OPTIONS", {})
    match parsed["ENGINE"]:
        case "django.db.backends.postgresql":
            parsed["ENGINE"] = "todo_project.postgresql"
            options.setdefault("connect_timeout", 10)
            # Plan a query once for each connection, and send only its values afterwards.
            options |= {"server_side_binding": True, "prepare_threshold": PREPARE_THRESHOLD}
        case "django.db.backends.sqlite3":
            # Readers do not wait for the writer (WAL); writers queue for up to 20 s
            # instead of failing (https://docs.djangoproject.com/en/5.2/ref/databases/).
            options |= {
                "init_command": "PRAGMA journal_mode=WAL",
                "timeout": 20,
                "transaction_mode": "IMMEDIATE",
            }
            parsed["NAME"] = str(BASE_DIR / parsed["NAME"])
        case engine:
            refuse("DATABASE_URL", f"{engine} is not supported; {DATABASE_URL_FORMS}")
    return parsed


DATABASES = {"default": database(DATABASE_URL)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

ROOT_URLCONF = "todo_project.urls"
WSGI_APPLICATION = "todo_project.wsgi.application"
INSTALLED_APPS = [
    "tasks",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "corsheaders",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
]
MIDDLEWARE = [
    "todo_project.middleware.RequestLogMiddleware",
    "todo_project.middleware.content_length_middleware",
    "todo_project.middleware.CorsMiddleware",
    "todo_project.failures.ProblemMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "todo_project.admin_middleware.AdminMiddleware",
]
# The admin looks for its middleware by name; AdminMiddleware holds it.
SILENCED_SYSTEM_CHECKS = ["admin.E408", "admin.E409", "admin.E410", "security.W003"]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "DIRS": [BASE_DIR / "todo_project" / "templates"],
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{validator}"}
    for validator in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

LANGUAGE_CODE = "en"
USE_I18N = False
TIME_ZONE = "UTC"
USE_TZ = True

# Files are served from the packages they come in: no collectstatic step to forget.
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "todo_project" / "static"]
WHITENOISE_USE_FINDERS = True

DATA_UPLOAD_MAX_MEMORY_SIZE = 64 * 1024  # bytes of a request body

CORS_ALLOW_HEADERS = [
    "content-type",
    "idempotency-key",
    "if-match",
    "if-none-match",
    "x-request-id",
]
CORS_ALLOW_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
CORS_EXPOSE_HEADERS = [
    "ETag",
    "Link",
    "Location",
    "Idempotent-Replayed",
    "Retry-After",
    "X-Request-ID",
]

# HTTPS ends at the proxy: only there can plain HTTP be told apart and sent away,
# and only from there may the scheme be believed.
if BEHIND_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_SSL_REDIRECT = True
    SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]  # the platform asks over plain HTTP
SECURE_HSTS_SECONDS = 0 if DEBUG else 365 * 24 * 60 * 60
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = BEHIND_PROXY
X_FRAME_OPTIONS = "DENY"

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": [],
    "UNAUTHENTICATED_USER": None,
    "DEFAULT_RENDERER_CLASSES": ["todo_project.rendering.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "todo_project.failures.exception_handler",
    "URL_FORMAT_OVERRIDE": None,
}
SPECTACULAR_SETTINGS = {
    "OAS_VERSION": "3.1.0",
    "TITLE": "Todo API",
    "VERSION": tomllib.loads((BASE_DIR / "pyproject.toml").read_text())["project"]["version"],
    "DESCRIPTION": (BASE_DIR / "todo_project" / "api.md").read_text(),
    "CONTACT": {"name": "Todo API support", "email": CONTACT_EMAIL},
    "TAGS": [
        {"name": "tasks", "description": "The tasks of one user."},
        {"name": "health", "description": "For load balancers and people on call."},
    ],
    "SERVE_INCLUDE_SCHEMA": False,
    "COMPONENT_SPLIT_PATCH": False,
    "SORT_OPERATION_PARAMETERS": False,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "PREPROCESSING_HOOKS": ["todo_project.openapi.only_canonical_paths"],
    "POSTPROCESSING_HOOKS": ["todo_project.openapi.closed_requests"],
}

# What goes wrong is logged on stderr; a line for each request goes to stdout, by
# todo_project/middleware.py.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "json": {
            "()": "pythonjsonlogger.orjson.OrjsonFormatter",
            "fmt": "%(asctime)s %(levelname)s %(name)s %(message)s",
            "rename_fields": {"asctime": "time", "levelname": "level", "name": "logger"},
        },
    },
    "filters": {"failures": {"()": "todo_project.middleware.OnlyFailures"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
    "loggers": {
        "django": {"handlers": ["stderr"], "level": LOG_LEVEL, "propagate": False},
        # Django names the path, and so the user, in a line for each 4xx.
        "django.request": {"filters": ["failures"]},
    },
}
