"""Records of remedies, made up: their settings in order, and their scores."""

from dataclasses import replace

import numpy as np
import pytest

from small_runs import run
from unrolled.train import Score
from unrolled_book import figures
from unrolled_lab import best_and_last, execute, remedy_groups
from unrolled_lab.files import RunFiles

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(name="folder", scope="module")
def made_up(tmp_path_factory):
    """Records whose test loss is 10 times the seed, and 1 more at the end."""
    folder = tmp_path_factory.mktemp("results")
    real = execute(run("RNN", num_layers=2))

    def save(experiment, group, seed, training=None, **changes):
        config = run(
            "RNN",
            seed,
            training,
            experiment=experiment,
            group=group,
            num_layers=2,
            **changes,
        )
        record = replace(
            real,
            config=config,
            test_best=Score(10.0 * seed, 0.9),
            test_last=Score(10.0 * seed + 1, 0.8),
        )
        RunFiles(config, folder).save(record, {})

    for seed in (2, 0, 1):
        save("dropout", "middle", seed, dropout=0.3, train_count=5000)
        save("dropout", "much", seed, dropout=0.6)
        save("data", "many", seed, train_count=50_000, dropout=0.3)
        save("decay", "strong", seed, {"weight_decay": 1.0})
    save("dropout", "none", 1, dropout=0.0)
    save("data", "few", 1, train_count=1000, dropout=0.3)
    return folder


def test_the_settings_are_in_order(folder):
    names = {
        remedy: [*remedy_groups(remedy, folder)]
        for remedy in ("dropout", "data", "decay")
    }
    assert names == {
        "dropout": ["dropout 0.00", "dropout 0.30", "dropout 0.60"],
        "data": ["1,000 sequences", "5,000 sequences", "50,000 sequences"],
        "decay": ["decay 0", "decay 1"],
    }


def test_the_seeds_are_in_order(folder):
    groups = remedy_groups("dropout", folder)
    seeds = [[r.config.seed for r in group] for group in groups.values()]
    assert seeds == [[1], [0, 1, 2], [0, 1, 2]]
    middle = remedy_groups("decay", folder)["decay 0"]
    assert [r.config for r in middle] == [
        r.config for r in groups["dropout 0.30"]
    ]


def test_the_scores(folder):
    records = remedy_groups("dropout", folder)["dropout 0.60"]
    loss = best_and_last(records, "loss")
    assert loss["best"].tolist() == [0, 10, 20]
    assert loss["last"].tolist() == [1, 11, 21]
    accuracy = best_and_last(records, "accuracy")
    np.testing.assert_array_equal(accuracy["best"], 0.9)
    np.testing.assert_array_equal(accuracy["last"], 0.8)


def test_a_figure_takes_whatever_settings_there_are(folder, draw):
    groups = remedy_groups("data", folder)
    scores = {name: best_and_last(g, "loss") for name, g in groups.items()}
    ax = draw(figures.plot_best_and_last, scores, "test loss (nats)")
    assert [text.get_text() for text in ax.get_yticklabels()] == [*groups]
    dots = [line for line in ax.get_lines() if line.get_linestyle() == "None"]
    assert [len(dot.get_xdata()) for dot in dots] == [1, 1, 3, 3, 3, 3]


def test_without_records_of_the_remedy(folder, tmp_path):
    config = run("RNN", experiment="dropout", dropout=0.3, num_layers=2)
    RunFiles(config, tmp_path).save(replace(execute(config), config=config), {})
    with pytest.raises(ValueError, match="with records, got 'decay'"):
        remedy_groups("decay", tmp_path)
