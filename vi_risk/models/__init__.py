"""Model specs, learning, calibration, evidence and the model's files."""
