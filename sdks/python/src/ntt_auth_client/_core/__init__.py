"""What the client does, without doing it: plans that ask for effects, which two small drivers perform."""
