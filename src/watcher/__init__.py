"""Watch feeds, living articles and filing pages; notice every update; tell once."""

__version__ = "0.1.0"
