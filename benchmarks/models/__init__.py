"""How fast models are learnt, asked and held against outcomes, against plain LightGBM; `make bench-models`."""
