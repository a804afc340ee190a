"""Django and Django REST framework.

```python
# settings.py
MIDDLEWARE = [..., "ntt_auth_client.integrations.django.NttAuthMiddleware"]
NTT_AUTH = {"URL": "https://auth.example.com", "FEED_TOKEN": os.environ["NTT_AUTH_FEED_TOKEN"]}


# views.py
@login_required
def me(request: HttpRequest) -> JsonResponse:
    user = principal_of(request)
    return JsonResponse({"id": str(user.user_id), "role": user.role})
```
"""

from ntt_auth_client.integrations.django.decorators import (
    login_required,
    permission_required,
    role_required,
    scope_required,
)
from ntt_auth_client.integrations.django.middleware import NttAuthMiddleware
from ntt_auth_client.integrations.django.user import TokenUser, optional_principal, principal_of
from ntt_auth_client.integrations.django.verifiers import close_verifier, get_verifier

__all__ = [
    "NttAuthMiddleware",
    "TokenUser",
    "close_verifier",
    "get_verifier",
    "login_required",
    "optional_principal",
    "permission_required",
    "principal_of",
    "role_required",
    "scope_required",
]
