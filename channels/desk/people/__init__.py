"""Who may come to the desk: accounts, how somebody proves that one is theirs, and what is kept of what they do."""
