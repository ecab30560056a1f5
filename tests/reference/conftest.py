"""Reference data, and the scripts that make it. Nothing here is a test."""

collect_ignore_glob = ["*"]
