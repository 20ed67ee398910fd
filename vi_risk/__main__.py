"""`python -m vi_risk` is `vi-risk`."""

from vi_risk.cli import main

main()
