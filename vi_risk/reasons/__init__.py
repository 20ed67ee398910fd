"""From contributions of a model to reasons that a clinician can read."""
