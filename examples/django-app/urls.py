"""What is where."""

from django.urls import path
from views import Notes, hello

urlpatterns = [path("", hello), path("notes", Notes.as_view())]
