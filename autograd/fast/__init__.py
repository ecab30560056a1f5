"""Twins of what the files beside this folder define, for speed alone: a reader may skip it, a test holds each equal."""
