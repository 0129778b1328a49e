"""What runs where the work is done: reads job files, calls the science, writes result files."""
