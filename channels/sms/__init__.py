"""What a text message can hold: its alphabet, its segments, and what is said within them."""
