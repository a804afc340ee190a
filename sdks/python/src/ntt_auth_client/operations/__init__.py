"""What the server can be asked to do, by noun: each verb a plan."""
