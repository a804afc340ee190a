"""Starts the real binary and speaks to it as a stranger would."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from harness.server import Server

ROOT = Path(__file__).resolve().parent.parent.parent
PASSWORD = "Correct-Horse-7-Battery"

Start = Callable[..., Server]
Node = Callable[..., str]
