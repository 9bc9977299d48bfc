"""The laws of the house, each run as a test."""
