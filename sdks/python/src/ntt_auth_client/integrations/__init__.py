"""Web frameworks: FastAPI, Starlette, Flask and Django. Each needs the extra of its name."""
