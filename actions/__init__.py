"""What the bot does beyond speaking: one action, one file. An action returns events and replies; it keeps nothing."""
