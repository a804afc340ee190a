"""Validating access tokens locally: keys, claims, revocations."""
