"""Rules are what people have decided about what is published: what is not said, and what is said first."""
