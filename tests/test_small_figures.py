"""Figures that `make execute` makes small: lighter, and the same to the eye."""

import base64
import importlib.util
from io import BytesIO

import matplotlib.pyplot as plt
import numpy as np
from nbformat.v4 import new_code_cell, new_notebook, new_output
from PIL import Image

import notebooks

PATH = notebooks.REPO / "book" / "_ext" / "small_figures.py"
spec = importlib.util.spec_from_file_location("small_figures", PATH)
small_figures = importlib.util.module_from_spec(spec)
spec.loader.exec_module(small_figures)


def drawing():
    file = BytesIO()
    fig = plt.figure()
    fig.add_subplot().plot(np.random.default_rng(0).random((30, 8)))
    fig.savefig(file, format="png", dpi=100)
    plt.close(fig)
    return file.getvalue()


def pixels(png):
    image = Image.open(BytesIO(png)).convert("RGB")
    return np.asarray(image, dtype=float)


def test_a_drawing_gets_lighter_and_looks_the_same():
    png = drawing()
    small = small_figures.shrink(png)
    assert len(small) < 0.6 * len(png)
    assert pixels(small).shape == pixels(png).shape
    difference = np.abs(pixels(small) - pixels(png))
    assert difference.mean() < 2  # of 255
    assert np.quantile(difference, 0.99) < 24
    assert np.array_equal(pixels(small_figures.shrink(small)), pixels(small))


def test_only_pictures_of_a_notebook_are_touched():
    png = base64.b64encode(drawing()).decode()
    outputs = [
        new_output("stream", text="1.0\n"),
        new_output("display_data", {"image/png": png, "text/plain": "figure"}),
    ]
    notebook = new_notebook(cells=[new_code_cell("x", outputs=outputs)])
    step = small_figures.SmallFigures(enabled=True)
    done, _ = step.preprocess(notebook, {})
    stream, picture = done.cells[0].outputs
    assert stream == outputs[0]
    assert picture.data["text/plain"] == "figure"
    assert len(picture.data["image/png"]) < 0.6 * len(png)
