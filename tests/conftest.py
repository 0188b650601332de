"""Gives property tests all the time that a busy machine needs: what they prove is no speed."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("logshape", deadline=None)
settings.load_profile("logshape")
