"""Tracing: a function is run once on symbols, and what it reads is noted."""
