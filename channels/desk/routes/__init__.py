"""What pages of the desk ask for and do, and what everybody may; every request passes `access`."""
