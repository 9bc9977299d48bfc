"""Publishing makes of what was read a snapshot that is asked, and tells what changed, and what to mend."""
