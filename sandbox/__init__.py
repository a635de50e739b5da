"""A real single-node Kubernetes, from package registries alone, for trying and testing the project.

``python -m sandbox up|down|status|shell|reboot``. Nothing outside this package and the tests imports it.
"""
