"""Django settings: first the environment variables, then what is derived from them.

`.env.example` documents every variable. An invalid value ends the process with one line that
says what to set.
"""

import re
import tomllib
import warnings
from datetime import timedelta

from pythonjsonlogger.core import RESERVED_ATTRS

from todo_project.database.url import (
    POSTGRESQL_ENGINE,
    is_neon,
    is_pooled,
    parse_database_url,
)
from todo_project.environment import (
    BASE_DIR,
    ENV_FILE,
    env_bool,
    env_hosts,
    env_int,
    env_list,
    env_origins,
    env_str,
    exit_with_error,
    platform_hosts,
    quoted,
)
from todo_project.http.origins import OPAQUE_ORIGINS, compile_pattern

DEBUG = env_bool("DEBUG", default=False)
SECRET_KEY = env_str("SECRET_KEY", "only-for-debugging-" * 3 if DEBUG else "")
SECRET_KEY_FALLBACKS = env_list("SECRET_KEY_FALLBACKS")
ALLOWED_HOSTS = env_hosts("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]") + platform_hosts()
BEHIND_PROXY = env_bool("BEHIND_PROXY", default=not DEBUG)
PROXIES = env_int("PROXIES", 1, minimum=1, maximum=16)
HSTS_SECONDS = env_int("HSTS_SECONDS", 0 if DEBUG else 31_536_000, minimum=0, maximum=63_072_000)
HSTS_INCLUDE_SUBDOMAINS = env_bool("HSTS_INCLUDE_SUBDOMAINS", default=False)
HSTS_PRELOAD = env_bool("HSTS_PRELOAD", default=False)
DATABASE_URL = env_str("DATABASE_URL", "sqlite:///db.sqlite3")
DATABASE_URL_UNPOOLED = env_str("DATABASE_URL_UNPOOLED")
DATABASE_POOLED = env_bool("DATABASE_POOLED", default=is_pooled(DATABASE_URL))
# Through a pooler that does not keep prepared statements apart, one of another client would run.
DATABASE_PREPARE = env_bool(
    "DATABASE_PREPARE", default=not DATABASE_POOLED or is_neon(DATABASE_URL)
)
CORS_ALLOWED_ORIGINS = env_origins("CORS_ALLOWED_ORIGINS")
CORS_ALLOW_HEADERS = env_list("CORS_ALLOW_HEADERS")
CORS_ALLOW_CREDENTIALS = env_bool("CORS_ALLOW_CREDENTIALS", default=False)
CSRF_TRUSTED_ORIGINS = env_origins("CSRF_TRUSTED_ORIGINS", "https?://[^*]+")
CONTACT_EMAIL = env_str("CONTACT_EMAIL")
LOG_LEVEL = env_str("LOG_LEVEL", "INFO").upper()
METRICS = env_bool("METRICS", default=False)
API_AUTHENTICATION_CLASSES = env_list("API_AUTHENTICATION_CLASSES")
API_PERMISSION_CLASSES = env_list("API_PERMISSION_CLASSES")
SILENCED_SYSTEM_CHECKS = env_list("SILENCED_SYSTEM_CHECKS")
WEB_CONCURRENCY = env_int("WEB_CONCURRENCY", 2, minimum=1, maximum=64)
GUNICORN_THREADS = env_int("GUNICORN_THREADS", 4, minimum=1, maximum=64)
SHORTCUTS = env_bool("SHORTCUTS", default=True)

if not SECRET_KEY:
    missing = "is missing" if ENV_FILE.exists() else f"is missing, and there is no file {ENV_FILE}"
    reason = f"{missing}; set it to a long random string, or set DEBUG=true."
    exit_with_error("SECRET_KEY", reason)
for header in CORS_ALLOW_HEADERS:
    if not re.fullmatch("[A-Za-z0-9_-]+", header):
        exit_with_error(
            "CORS_ALLOW_HEADERS",
            f"{quoted(header)} is not the name of a header; write it as sentry-trace.",
        )
for origin in OPAQUE_ORIGINS if CORS_ALLOW_CREDENTIALS else ():
    if origin in CORS_ALLOWED_ORIGINS:
        exit_with_error(
            "CORS_ALLOWED_ORIGINS",
            f"with CORS_ALLOW_CREDENTIALS=true, {origin} would let any page use the cookies of "
            "its visitors; remove it.",
        )
if CONTACT_EMAIL and "@" not in CONTACT_EMAIL:
    exit_with_error(
        "CONTACT_EMAIL",
        f"{quoted(CONTACT_EMAIL)} is not an email address; write it as help@example.com.",
    )
if LOG_LEVEL not in {"DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"}:
    exit_with_error(
        "LOG_LEVEL",
        f"{quoted(LOG_LEVEL)} is not a log level; set DEBUG, INFO, WARNING, ERROR or CRITICAL.",
    )

# psycopg prepares a statement at this execution of it on a connection.
PREPARE_THRESHOLD = 2 if DATABASE_PREPARE else None

DATABASES = {
    "default": parse_database_url(
        "DATABASE_URL",
        DATABASE_URL,
        pooled=DATABASE_POOLED,
        prepare_threshold=PREPARE_THRESHOLD,
    )
}
# The connection for migrations (todo_project/management/commands/migrate.py).
if DATABASES["default"]["ENGINE"] == POSTGRESQL_ENGINE:
    DATABASES["unpooled"] = parse_database_url(
        "DATABASE_URL_UNPOOLED" if DATABASE_URL_UNPOOLED else "DATABASE_URL",
        DATABASE_URL_UNPOOLED or DATABASE_URL,
        pooled=is_pooled(DATABASE_URL_UNPOOLED) if DATABASE_URL_UNPOOLED else DATABASE_POOLED,
        prepare_threshold=None,
        migrates=True,
    )
    DATABASES["unpooled"]["TEST"] = {"MIRROR": "default"}
API_MODELS = ["tasks.Task"]  # whose tables /readyz checks
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

ROOT_URLCONF = "todo_project.urls"
WSGI_APPLICATION = "todo_project.wsgi.application"
INSTALLED_APPS = [
    "tasks",
    "todo_project",
    "todo_project.logins.LoginsConfig",  # django-axes
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
PAGE_MIDDLEWARE = [
    "todo_project.middleware.security.content_security_policy_middleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "axes.middleware.AxesMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "todo_project.middleware.admin.AdminMiddleware",
]
MIDDLEWARE = [
    "todo_project.metrics.requests.MetricsMiddleware"
    if METRICS
    else "todo_project.middleware.access_log.AccessLogMiddleware",
    "todo_project.shortcuts.middleware.CorsShortcut"
    if SHORTCUTS
    else "corsheaders.middleware.CorsMiddleware",
    "todo_project.middleware.problems.ProblemMiddleware",
    *(["todo_project.shortcuts.middleware.PageShortcut"] if SHORTCUTS else PAGE_MIDDLEWARE),
    "todo_project.middleware.security.https_middleware",
]
WSGI_HANDLER = f"todo_project.{'shortcuts' if SHORTCUTS else 'http'}.handler.Handler"
SILENCED_SYSTEM_CHECKS += [
    *("security.W009", "security.W025"),  # todo.E001 replaces them
    *("security.W005", "security.W021"),  # HSTS for other hosts: only an operator can decide
]
if SHORTCUTS:  # they do not find the middleware that PageShortcut runs
    SILENCED_SYSTEM_CHECKS += [
        *("admin.E408", "admin.E409", "admin.E410", "axes.W002"),
        *("security.W001", "security.W002", "security.W003"),
    ]
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
# Failed logins lock the login for 15 minutes. They are counted in the database, so the limits hold
# across all workers. A name alone has the highest limit: a stranger must not lock out its owner.
LOGIN_FAILURE_LIMITS = {("username", "ip_address"): 10, ("ip_address",): 50, ("username",): 100}
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_HANDLER = "todo_project.logins.throttling.LoginHandler"
AXES_LOCKOUT_PARAMETERS = [list(names) for names in LOGIN_FAILURE_LIMITS]
AXES_FAILURE_LIMIT = 1  # LoginHandler compares with the limits above
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_RESET_ON_SUCCESS = True
AXES_CLIENT_IP_CALLABLE = "todo_project.logins.throttling.client_ip"
AXES_LOCKOUT_TEMPLATE = "admin/locked.html"
AXES_DISABLE_ACCESS_LOG = True
AXES_ENABLE_ADMIN = False  # todo_project/logins/admin.py has the pages
AXES_VERBOSE = False  # no line at each start, no user names in the log

LANGUAGE_CODE = "en"
USE_I18N = False
TIME_ZONE = "UTC"
USE_TZ = True
FORMAT_MODULE_PATH = "todo_project"  # todo_project/en/formats.py

# `collectstatic` writes hashed and compressed files. Those that it has not written are served from
# the installed packages, and with DEBUG, which does not use hashed names, all of them.
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STORAGES = {
    "staticfiles": {"BACKEND": "todo_project.static_files.StaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = True
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
warnings.filterwarnings("ignore", "No directory at", UserWarning)  # whitenoise, for STATIC_ROOT

DATA_UPLOAD_MAX_MEMORY_SIZE = 64 * 1024  # bytes of a request body

CORS_ALLOWED_ORIGIN_REGEXES = [
    compile_pattern(each) for each in CORS_ALLOWED_ORIGINS if "*" in each
]
CORS_ALLOWED_ORIGINS = [each for each in CORS_ALLOWED_ORIGINS if "*" not in each]
CORS_ALLOW_HEADERS = sorted(
    {
        "authorization",
        "content-type",
        "idempotency-key",
        "if-match",
        "if-none-match",
        "traceparent",
        "tracestate",
        "x-request-id",
        *(header.lower() for header in CORS_ALLOW_HEADERS),
    }
)
# Otherwise, with CORS_ALLOW_CREDENTIALS, a page could use the admin with its visitor's session.
CORS_URLS_REGEX = "(?!/admin/)"
CORS_ALLOW_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
CORS_EXPOSE_HEADERS = [
    "ETag",
    "Link",
    "Location",
    "Idempotent-Replayed",
    "Retry-After",
    "X-Request-ID",
]

# Platforms and Prometheus request these from an instance: by IP address, and over plain HTTP.
PROBES = ["/healthz", "/readyz", *(["/metrics"] if METRICS else [])]

# TLS is terminated by the proxy. Only its X-Forwarded-Proto can tell HTTPS from plain HTTP, and
# without a proxy a client could forge that header.
if BEHIND_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_SSL_REDIRECT = True
    # The API is not redirected: todo_project/middleware/security.py.
    SECURE_REDIRECT_EXEMPT = ["^api/", *(f"^{probe[1:]}$" for probe in PROBES)]
SECURE_HSTS_SECONDS = HSTS_SECONDS
SECURE_HSTS_INCLUDE_SUBDOMAINS = HSTS_INCLUDE_SUBDOMAINS
SECURE_HSTS_PRELOAD = HSTS_PRELOAD
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = BEHIND_PROXY
X_FRAME_OPTIONS = "DENY"

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": API_AUTHENTICATION_CLASSES,
    "DEFAULT_PERMISSION_CLASSES": API_PERMISSION_CLASSES,
    "UNAUTHENTICATED_USER": None,
    "DEFAULT_RENDERER_CLASSES": ["todo_project.http.json.JSONRenderer"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "todo_project.http.negotiation.QualityNegotiation",
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "todo_project.problems.handlers.exception_handler",
    "URL_FORMAT_OVERRIDE": None,
}
SPECTACULAR_SETTINGS = {
    "OAS_VERSION": "3.1.0",
    "TITLE": "Todo API",
    "VERSION": tomllib.loads((BASE_DIR / "pyproject.toml").read_text())["project"]["version"],
    "DESCRIPTION": (BASE_DIR / "tasks" / "api" / "description.md").read_text(),
    "CONTACT": {"name": "Support", "email": CONTACT_EMAIL} if CONTACT_EMAIL else {},
    "SERVERS": [{"url": "/", "description": "This server."}],
    "TAGS": [
        {"name": "tasks", "description": "The tasks of one user."},
        {"name": "health", "description": "For load balancers and monitoring."},
    ],
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_AUTHENTICATION": [],
    "COMPONENT_SPLIT_PATCH": False,
    "SORT_OPERATION_PARAMETERS": False,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "PREPROCESSING_HOOKS": ["todo_project.openapi.hooks.exclude_trailing_slashes"],
    "POSTPROCESSING_HOOKS": [
        "todo_project.openapi.hooks.add_request_rules",
        "todo_project.openapi.hooks.add_head",
        "todo_project.openapi.hooks.remove_enum_ids",
        "todo_project.openapi.hooks.no_security_by_default",
        "todo_project.openapi.references.reference_repeated_parts",  # the last one
    ],
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "json": {
            "()": "todo_project.logs.JSONFormatter",
            "fmt": "%(asctime)s %(levelname)s %(name)s %(message)s",
            "rename_fields": {"asctime": "time", "levelname": "level", "name": "logger"},
            # Django's log records have the request, whose text contains the path.
            "reserved_attrs": [*RESERVED_ATTRS, "request"],
        },
    },
    "filters": {"django": {"()": "todo_project.logs.DjangoFilter"}},
    "handlers": {
        "stderr": {"class": "logging.StreamHandler", "formatter": "json", "filters": ["django"]}
    },
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
    "loggers": {
        "django": {"handlers": ["stderr"], "level": LOG_LEVEL, "propagate": False},
        "django.request": {"filters": ["django"]},  # for the handlers of other packages, too
        # These log statements with their parameters, the variables of pages, and paths.
        "django.db.backends": {"level": "INFO"},
        "django.template": {"level": "INFO"},
        "django.server": {"level": "CRITICAL"},
    },
}
