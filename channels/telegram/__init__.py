"""What a reply is in Telegram."""
