"""A real Flower server for three rounds of FedAvg over two clients; prints its history as JSON.

Usage: python flower_server.py <host:port>
"""

import json
import sys

import flwr as fl


def weighted(results):
    """Averages the accuracy by examples."""
    examples = sum(count for count, _ in results)
    return {"accuracy": sum(count * values.get("accuracy", 0.0) for count, values in results) / examples}


strategy = fl.server.strategy.FedAvg(
    min_fit_clients=2,
    min_evaluate_clients=2,
    min_available_clients=2,
    evaluate_metrics_aggregation_fn=weighted,
    on_fit_config_fn=lambda number: {"server_round": number, "learning_rate": 0.01, "flag": True, "text": "七"},
)
from flwr.compat.server.app import start_server  # noqa: E402  (where the classic server lives now)

history = start_server(
    server_address=sys.argv[1], config=fl.server.ServerConfig(num_rounds=3), strategy=strategy
)
print(json.dumps({"losses": history.losses_distributed, "accuracy": history.metrics_distributed["accuracy"]}), flush=True)
