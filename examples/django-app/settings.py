"""No database: accounts are ntt-auth's."""

import os

SECRET_KEY = os.environ.get("SECRET_KEY", "only-for-this-example")
DEBUG = False
ALLOWED_HOSTS = ["localhost", "127.0.0.1"]
ROOT_URLCONF = "urls"
INSTALLED_APPS = ["rest_framework"]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.common.CommonMiddleware",
    "ntt_auth_client.integrations.django.NttAuthMiddleware",
]
NTT_AUTH = {
    "URL": os.environ.get("NTT_AUTH_URL", "http://127.0.0.1:8080"),
    "FEED_TOKEN": os.environ.get("NTT_AUTH_FEED_TOKEN"),
}
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "ntt_auth_client.integrations.django.rest_framework.NttAuthentication"
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "UNAUTHENTICATED_USER": None,
}
