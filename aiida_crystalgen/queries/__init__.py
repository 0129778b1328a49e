"""Read-only questions to the provenance graph, answered as frozen rows."""
