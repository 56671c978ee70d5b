"""`/events/stream`: what is new or changed, told as it happens."""
