"""The peers of `cargo xtask bench decide`: Vowpal Wabbit decides and replays, gbstats reads an experiment.

Arguments: the folder to write to, hillstrom.csv, the number of replays. Prints one JSON object; the data that both sides
read are written beside.
"""

import csv
import json
import random
import sys
import time
from pathlib import Path

import numpy
import pandas
import vowpalwabbit
from gbstats.frequentist.tests import SequentialConfig, SequentialTwoSidedTTest
from gbstats.models.statistics import ProportionStatistic, RegressionAdjustedStatistic, SampleMeanStatistic

folder, hillstrom, replays = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
ARMS, FEATURES, ROWS = 10, 20, 40_000


def write_contexts(name, seed, labelled):
    """The same rows as CSV and as text of Vowpal Wabbit: an intercept and 19 values, for training the arm and its reward."""
    draw = numpy.random.default_rng(seed)
    truth = numpy.random.default_rng(1).normal(size=(ARMS, FEATURES)) * 0.3
    contexts = numpy.round(draw.normal(size=(ROWS, FEATURES)), 4)
    contexts[:, 0] = 1.0
    arms = draw.integers(ARMS, size=ROWS)
    rewards = numpy.round((contexts * truth[arms]).sum(axis=1) + draw.normal(size=ROWS), 4)
    with open(folder / f"{name}.csv", "w") as rows, open(folder / f"{name}.vw", "w") as examples:
        for context, arm, reward in zip(contexts, arms, rewards):
            values = ["%.4f" % value for value in context]
            rows.write(",".join(values) + (",%d,%.4f" % (arm, reward) if labelled else "") + "\n")
            examples.write("shared |s " + " ".join("f%d:%s" % pair for pair in enumerate(values)) + "\n")
            for at in range(ARMS):
                label = "0:%.4f:0.1 " % -reward if labelled and at == arm else ""
                examples.write("%s|a arm%d\n" % (label, at))
            examples.write("\n")


def driver(arguments):
    """Seconds that the native driver takes over a file, its start left out."""
    began = time.perf_counter()
    vowpalwabbit.Workspace(arg_list=["--quiet", *arguments]).finish()
    return time.perf_counter() - began


def speed():
    write_contexts("train", 2, True)
    write_contexts("decide", 3, False)
    empty = folder / "empty.vw"
    empty.write_text("")
    train, decide, model = (str(folder / name) for name in ("train.vw", "decide.vw", "model.vw"))
    found = {}
    for name, exploration in {"squarecb": ["--squarecb"], "bag 5": ["--bag", "5"]}.items():
        explore = ["--cb_explore_adf", *exploration, "-q", "sa"]
        learn = driver(["-d", train, "-f", model, *explore])
        start = min(driver(["-d", str(empty), "-t", "-i", model]) for _ in range(3))
        took = min(driver(["-d", decide, "-t", "-i", model]) for _ in range(3))
        found[name] = {"decisions_per_second": ROWS / (took - start), "learns_per_second": ROWS / learn}
    return found


def rows_of_hillstrom():
    with open(hillstrom) as file:
        return list(csv.DictReader(file))


def replay(rows, exploration, seed):
    """Accepts a row when the draw agrees with the logged arm, and learns from it."""
    names = ["No E-Mail", "Mens E-Mail", "Womens E-Mail"]
    draw = random.Random(seed)
    workspace = vowpalwabbit.Workspace("--quiet --cb_explore_adf -q sa --random_seed %d %s" % (seed + 1, exploration))
    order = list(rows)
    draw.shuffle(order)
    accepted, total = 0, 0.0
    for row in order:
        shared = "shared |s m%sw%s mens:%s womens:%s" % (row["mens"], row["womens"], row["mens"], row["womens"])
        shares = workspace.predict([shared] + ["|a arm%d" % arm for arm in range(3)])
        arm = draw.choices(range(3), weights=shares)[0]
        if names[arm] == row["segment"]:
            reward = float(row["visit"])
            accepted, total = accepted + 1, total + reward
            labels = ["0:%f:%f " % (-reward, shares[arm]) if at == arm else "" for at in range(3)]
            workspace.learn([shared] + ["%s|a arm%d" % (label, at) for at, label in enumerate(labels)])
    workspace.finish()
    return total / accepted


def quality():
    rows = rows_of_hillstrom()
    settings = ["--squarecb", "--bag 5", "--bag 10 --greedify", "--epsilon 0.02"]
    return {
        name.strip("-"): sum(replay(rows, name, seed) for seed in range(replays)) / replays for name in settings
    }


def experiment():
    """64 results: 8 segments, 2 comparisons, 4 metrics of which one is adjusted by the history before."""
    frame = pandas.DataFrame(rows_of_hillstrom())
    for column in ("visit", "conversion", "spend", "history", "newbie"):
        frame[column] = frame[column].astype(float)
    cuts = frame["history"].quantile([0.25, 0.5, 0.75]).to_numpy()
    group = frame["newbie"].astype(int) * 4 + numpy.searchsorted(cuts, frame["history"].to_numpy())
    frame["group"] = group
    with open(folder / "experiment.csv", "w") as file:
        for row in frame[["segment", "group", "visit", "conversion", "spend", "history"]].itertuples(index=False):
            file.write(",".join(map(str, row)) + "\n")
    config = SequentialConfig(difference_type="absolute", sequential_tuning_parameter=5000)

    def results():
        # Squares and products first, so that one grouping makes all sums.
        columns = frame[["visit", "conversion", "spend", "history"]]
        work = columns.assign(
            spend2=columns["spend"] ** 2, history2=columns["history"] ** 2, product=columns["spend"] * columns["history"]
        )
        grouped = work.groupby([frame["group"], frame["segment"]])
        sums, sizes = grouped.sum(), grouped.size()
        found = []
        for part in range(8):
            statistics = {}
            for arm in ("No E-Mail", "Mens E-Mail", "Womens E-Mail"):
                n, s = int(sizes[part, arm]), sums.loc[(part, arm)]
                spend = SampleMeanStatistic(n=n, sum=s["spend"], sum_squares=s["spend2"])
                before = SampleMeanStatistic(n=n, sum=s["history"], sum_squares=s["history2"])
                statistics[arm] = [
                    ProportionStatistic(n=n, sum=s["visit"]),
                    ProportionStatistic(n=n, sum=s["conversion"]),
                    spend,
                    RegressionAdjustedStatistic(
                        n=n, post_statistic=spend, pre_statistic=before, post_pre_sum_of_products=s["product"], theta=0
                    ),
                ]
            for arm in ("Mens E-Mail", "Womens E-Mail"):
                for a, b in zip(statistics["No E-Mail"], statistics[arm]):
                    result = SequentialTwoSidedTTest(a, b, config).compute_result()
                    found.append([result.expected, *result.ci])
        return found

    took = []
    for _ in range(5):
        began = time.perf_counter()
        found = results()
        took.append(time.perf_counter() - began)
    return {"seconds": min(took), "results": found}


print(json.dumps({"speed": speed(), "experiment": experiment(), "quality": quality()}))
