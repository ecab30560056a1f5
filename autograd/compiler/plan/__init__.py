"""Planning: which nodes are computed together, where, and when."""
