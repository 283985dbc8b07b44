"""Flower's own aggregation over updates given as JSON on stdin: {examples, updates, global, rounds}."""

import json
import sys

import numpy as np
from flwr.common import Code, FitRes, Status, ndarrays_to_parameters, parameters_to_ndarrays
from flwr.server.strategy import FedAdam, FedAvg, FedMedian, FedTrimmedAvg

given = json.load(sys.stdin)
start = [np.array(given["global"], dtype=np.float32)]
makers = {
    "fedavg": lambda: FedAvg(),
    "fedmedian": lambda: FedMedian(),
    "trimmed-mean": lambda: FedTrimmedAvg(beta=0.2),
    "fedadam": lambda: FedAdam(
        initial_parameters=ndarrays_to_parameters(start), eta=0.1, beta_1=0.9, beta_2=0.99, tau=1e-3
    ),
}
answer = {}
for name, make in makers.items():
    strategy = make()
    answer[name] = []
    for number, updates in enumerate(given["updates"], start=1):
        results = [
            (
                None,
                FitRes(
                    Status(Code.OK, ""),
                    ndarrays_to_parameters([np.array(values, dtype=np.float32)]),
                    examples,
                    {},
                ),
            )
            for values, examples in zip(updates, given["examples"])
        ]
        parameters, _ = strategy.aggregate_fit(number, results, [])
        answer[name].append(parameters_to_ndarrays(parameters)[0].astype(float).tolist())
json.dump(answer, sys.stdout)
