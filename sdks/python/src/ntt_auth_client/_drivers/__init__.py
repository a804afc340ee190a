"""Who performs the effects of plans: in threads that wait, or in an event loop."""
