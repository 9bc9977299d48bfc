"""One machine: the servers from wheels, the processes and who looks after them."""
