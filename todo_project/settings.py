"""Django settings: first the environment, read once; then what follows from it.

`.env.example` explains every variable. A value that cannot be used stops the
start with one line that says what to set.
"""

import re
import tomllib
from datetime import timedelta

from todo_project.database_url import MIGRATION, POSTGRESQL, database, is_pooled
from todo_project.environment import BASE_DIR, flag, number, platform_hosts, refuse, text, words

DEBUG = flag("DEBUG", default=False)
SECRET_KEY = text("SECRET_KEY", "only-for-debugging-" * 3 if DEBUG else "")
ALLOWED_HOSTS = words("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]") + platform_hosts()
BEHIND_PROXY = flag("BEHIND_PROXY", default=not DEBUG)
DATABASE_URL = text("DATABASE_URL", "sqlite:///db.sqlite3")
DATABASE_URL_UNPOOLED = text("DATABASE_URL_UNPOOLED", "")
DATABASE_POOLED = flag("DATABASE_POOLED", default=is_pooled(DATABASE_URL))
DATABASE_PREPARE = flag("DATABASE_PREPARE", default=not DATABASE_POOLED)
CORS_ALLOWED_ORIGINS = words("CORS_ALLOWED_ORIGINS")
CSRF_TRUSTED_ORIGINS = words("CSRF_TRUSTED_ORIGINS")
CONTACT_EMAIL = text("CONTACT_EMAIL", "todo-api@example.com")
LOG_LEVEL = text("LOG_LEVEL", "INFO").upper()
API_AUTHENTICATION_CLASSES = words("API_AUTHENTICATION_CLASSES")
API_PERMISSION_CLASSES = words("API_PERMISSION_CLASSES")
API_GATEWAY = text("API_GATEWAY", "")
WEB_CONCURRENCY = number("WEB_CONCURRENCY", 2, least=1, most=64)
GUNICORN_THREADS = number("GUNICORN_THREADS", 4, least=1, most=64)

if not SECRET_KEY:
    refuse("SECRET_KEY", "is missing; set it to a long random string, or set DEBUG=true.")
for name, origins in (
    ("CORS_ALLOWED_ORIGINS", CORS_ALLOWED_ORIGINS),
    ("CSRF_TRUSTED_ORIGINS", CSRF_TRUSTED_ORIGINS),
):
    for origin in origins:
        if not re.fullmatch(r"https?://[^/?#@*\s]+", origin):
            refuse(name, f"{origin!r} is not an origin; write it as https://app.example.com.")
for host in ALLOWED_HOSTS:
    if not re.fullmatch(r"\*|\.?[\w.-]+|\[[0-9a-fA-F:.]+\]", host):
        refuse("ALLOWED_HOSTS", f"{host!r} is not a host name; write it as api.example.com.")
if "@" not in CONTACT_EMAIL:
    refuse("CONTACT_EMAIL", f"{CONTACT_EMAIL!r} is no address; write it as help@example.com.")
if LOG_LEVEL not in {"DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"}:
    refuse("LOG_LEVEL", f"{LOG_LEVEL!r} is no level; set DEBUG, INFO, WARNING, ERROR or CRITICAL.")

# A connection plans a query anew until it has executed it that often.
PREPARE_THRESHOLD = 2 if DATABASE_PREPARE else None

DATABASES = {
    "default": database(
        "DATABASE_URL",
        DATABASE_URL,
        pooled=DATABASE_POOLED,
        prepare_threshold=PREPARE_THRESHOLD,
    )
}
# Migrations go this way (todo_project/management/commands/migrate.py).
if DATABASES["default"]["ENGINE"] == POSTGRESQL:
    DATABASES["unpooled"] = database(
        "DATABASE_URL_UNPOOLED" if DATABASE_URL_UNPOOLED else "DATABASE_URL",
        DATABASE_URL_UNPOOLED or DATABASE_URL,
        pooled=is_pooled(DATABASE_URL_UNPOOLED) if DATABASE_URL_UNPOOLED else DATABASE_POOLED,
        prepare_threshold=None,
        session=MIGRATION,
    )
    DATABASES["unpooled"]["TEST"] = {"MIRROR": "default"}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

ROOT_URLCONF = "todo_project.urls"
WSGI_APPLICATION = "todo_project.wsgi.application"
INSTALLED_APPS = [
    "tasks",
    "todo_project",
    "axes",
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
    "todo_project.middleware.content_security_policy_middleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "todo_project.admin_middleware.AdminMiddleware",
]
# These look for middleware by name, and AdminMiddleware holds it; todo.E001 stands for W009.
SILENCED_SYSTEM_CHECKS = [
    "admin.E408", "admin.E409", "admin.E410", "axes.W002", "security.W003", "security.W009",
]  # fmt: skip
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
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
# Ten wrong passwords within 15 minutes lock the name and the address for 15, in every worker:
# they are counted in the database.
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = ["username", "ip_address"]
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_RESET_ON_SUCCESS = True
AXES_CLIENT_IP_CALLABLE = "todo_project.admin_middleware.client_address"
AXES_LOCKOUT_TEMPLATE = "admin/locked.html"
AXES_DISABLE_ACCESS_LOG = True
AXES_VERBOSE = False  # no line at each start, and no names of people in the log

LANGUAGE_CODE = "en"
USE_I18N = False
TIME_ZONE = "UTC"
USE_TZ = True

# Files are served from the packages they come in: no collectstatic step to forget.
STATIC_URL = "/static/"
WHITENOISE_USE_FINDERS = True

DATA_UPLOAD_MAX_MEMORY_SIZE = 64 * 1024  # bytes of a request body

CORS_ALLOW_HEADERS = [
    "content-type",
    "idempotency-key",
    "if-match",
    "if-none-match",
    "x-request-id",
    *(["authorization"] if API_AUTHENTICATION_CLASSES else []),
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
    "DEFAULT_AUTHENTICATION_CLASSES": API_AUTHENTICATION_CLASSES,
    "DEFAULT_PERMISSION_CLASSES": API_PERMISSION_CLASSES,
    "UNAUTHENTICATED_USER": None,
    "DEFAULT_RENDERER_CLASSES": ["todo_project.rendering.JSONRenderer"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "todo_project.rendering.QualityNegotiation",
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
    "SERVERS": [{"url": "/", "description": "Where this document was read."}],
    "TAGS": [
        {"name": "tasks", "description": "The tasks of one user."},
        {"name": "health", "description": "For load balancers and people on call."},
    ],
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_AUTHENTICATION": [],
    "COMPONENT_SPLIT_PATCH": False,
    "SORT_OPERATION_PARAMETERS": False,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "PREPROCESSING_HOOKS": ["todo_project.openapi.only_canonical_paths"],
    "POSTPROCESSING_HOOKS": [
        "todo_project.openapi.closed_requests",
        "todo_project.openapi.linked_responses",
        "todo_project.openapi.anonymous_by_default",
    ],
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
