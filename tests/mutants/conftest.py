"""Nothing here is a test: `make mutants` runs it."""

collect_ignore_glob = ["*"]
