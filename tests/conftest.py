"""Settings that all tests share."""


def pytest_configure(config):
    """Name the tests that take long, so that one can leave them out."""
    config.addinivalue_line(
        "markers", "mutation: breaks the package on purpose (a minute or two)"
    )
