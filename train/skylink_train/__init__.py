"""Offline training of the SkyLink models. The runtime never imports this package."""
