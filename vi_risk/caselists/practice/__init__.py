"""A practice in one view: figures beside the trust, what stands out from expected, its share of the need."""
