"""Tests, one file a module, named by the laws they keep."""
