"""Units of a tape as code."""
