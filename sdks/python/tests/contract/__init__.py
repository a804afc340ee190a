"""The contract of the clients, replayed."""
