"""Lists written for people and programs: page, workbook, CSV, JSON lines, PDF, and the page of pathways."""
