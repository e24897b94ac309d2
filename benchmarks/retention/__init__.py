"""What the retention engine costs over a catalog of a million recordings, beside the least that SQL alone must do."""
