"""The desk: where citizens reach people. A case is what one wants of a person; a claim says which person has it."""
