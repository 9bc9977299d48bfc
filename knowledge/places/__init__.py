"""Places are where a question is asked from or about, and whose government it belongs to there."""
