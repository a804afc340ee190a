"""An application whose routes need somebody signed in, or a role."""

import os

from flask import Flask
from flask.typing import ResponseReturnValue
from ntt_auth_client import TokenVerifier
from ntt_auth_client.integrations.flask import FlaskAuth, current_user, optional_user

verifier = TokenVerifier(
    os.environ.get("NTT_AUTH_URL", "http://127.0.0.1:8080"),
    feed_token=os.environ.get("NTT_AUTH_FEED_TOKEN"),
)
app = Flask(__name__)
auth = FlaskAuth(verifier, app)


@app.get("/")
def hello() -> ResponseReturnValue:
    """Greet whoever asks."""
    user = optional_user()
    return {"hello": str(user.user_id) if user else "stranger"}


@app.get("/notes")
@auth.required
def notes() -> ResponseReturnValue:
    """Give the notes of whoever is signed in."""
    return {"owner": str(current_user().user_id), "notes": ["Buy milk"]}


@app.delete("/notes")
@auth.role("admin")
def forget() -> ResponseReturnValue:
    """Throw all notes away, for administrators."""
    return "", 204
