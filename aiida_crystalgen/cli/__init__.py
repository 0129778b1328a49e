"""The command line: parse, ask a builder or a query, print."""
