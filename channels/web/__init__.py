"""The browser's side of the web channel, and what stands behind it: sessions, event streams, pages."""
