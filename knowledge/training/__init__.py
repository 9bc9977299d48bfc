"""Training makes the bundled encoder, a bilingual student of an English one; nothing here runs where it serves."""
