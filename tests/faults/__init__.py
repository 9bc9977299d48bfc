"""What is left of thousands of messages when everything fails at once."""
