"""Everything between people and whoever answers them."""
