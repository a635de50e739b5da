import pytest

from components.forms.quantity import to_bytes, to_millicpu


@pytest.mark.parametrize(
    ("text", "size"),
    [("1Ki", 1024), ("256Mi", 268435456), ("8Gi", 8589934592), ("64Ti", 70368744177664), ("10000Mi", 10485760000)],
)
def test_bytes(text: str, size: int) -> None:
    assert to_bytes(text) == size


@pytest.mark.parametrize(
    "text", ["", "8", "Gi", "0Gi", "08Gi", "-1Gi", "1.5Gi", "8G", "8GB", "8gi", " 8Gi", "8Gi\n", "8 Gi"]
)
def test_not_bytes(text: str) -> None:
    with pytest.raises(ValueError, match="not a number of bytes"):
        to_bytes(text)


@pytest.mark.parametrize(("text", "milli"), [("10m", 10), ("250m", 250), ("0.5", 500), ("2", 2000), ("1.125", 1125)])
def test_millicpu(text: str, milli: int) -> None:
    assert to_millicpu(text) == milli


@pytest.mark.parametrize("text", ["", "0", "0m", "0.0", "m", "-1", "1.5m", "1e3", "1.0005", ".5", "2 ", "2\n"])
def test_not_millicpu(text: str) -> None:
    with pytest.raises(ValueError, match="not a number of CPUs"):
        to_millicpu(text)
