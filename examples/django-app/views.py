"""Views whose routes need somebody signed in, or a role: one of Django's own, and one of Django REST framework."""

from django.http import HttpRequest, JsonResponse
from ntt_auth_client.integrations.django import optional_principal
from ntt_auth_client.integrations.django.rest_framework import has_role
from rest_framework.permissions import BasePermission, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView


def hello(request: HttpRequest) -> JsonResponse:
    """Greet whoever asks."""
    user = optional_principal(request)
    return JsonResponse({"hello": str(user.user_id) if user else "stranger"})


class Notes(APIView):
    """The notes of whoever is signed in; administrators throw all of them away."""

    def get_permissions(self) -> list[BasePermission]:
        """Demand a role of whoever changes something."""
        return [
            has_role("admin")()
            if self.request.method == "DELETE"
            else IsAuthenticated()
        ]

    def get(self, request: Request) -> Response:
        """Give the notes."""
        return Response({"owner": str(request.user.pk), "notes": ["Buy milk"]})

    def delete(self, request: Request) -> Response:
        """Throw all notes away."""
        return Response(status=204)
