"""A step of `make execute`: figures of few colours, at a third of the size.

A line drawing needs no more than a palette's 128 colours, so that a page of
many figures stays light. What nbval compares is not touched.
"""

import base64
from io import BytesIO

from nbconvert.preprocessors import Preprocessor
from PIL import Image

COLORS = 128


def shrink(png: bytes) -> bytes:
    """Return the picture with a palette, or as it is if that is smaller."""
    picture = Image.open(BytesIO(png)).convert("RGB")
    small = BytesIO()
    picture.quantize(COLORS).save(small, "png", optimize=True)
    return min(png, small.getvalue(), key=len)


class SmallFigures(Preprocessor):
    """Shrink every PNG among a notebook's outputs."""

    def preprocess_cell(self, cell, resources, index):
        """Shrink those of one cell."""
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if "image/png" in data:
                png = shrink(base64.b64decode(data["image/png"]))
                data["image/png"] = base64.b64encode(png).decode() + "\n"
        return cell, resources
