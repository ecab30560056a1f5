"""A backward step by step: its events, its words, its pictures."""
