"""All that a report shows, measured: from answers to plain data."""
