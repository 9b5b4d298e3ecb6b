"""Where accounts live: one package per backend."""
