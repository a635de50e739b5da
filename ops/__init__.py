"""Commands for whoever is on call: `python -m ops`."""
