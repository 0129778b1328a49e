"""The heavy verbs as CalcJobs."""
