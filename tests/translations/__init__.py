"""Collects the sentences of the code into the catalogues of `bot/render/locales`."""
