"""Retrieved files into nodes, or an exit code."""
