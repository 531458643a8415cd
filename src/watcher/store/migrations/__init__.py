"""Alembic's migrations, inside the package; `store/opening.py` runs them."""
