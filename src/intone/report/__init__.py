"""Reports for people: records, numbers and nets as text, tables, pictures and pages."""
