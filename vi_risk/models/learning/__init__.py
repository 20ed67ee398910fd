"""Estimators behind the scikit-learn contract: boosted trees, calibration, refits, and the files that keep them."""
