"""The graph that a trace makes, its operations, and its text form."""
