"""A Flower client of a hospital that also evaluates and says who it is; prints what it saw as JSON lines."""

import json
import os

import flwr as fl
import torch
from data import load_local_data
from model import LSTMModel

model = LSTMModel()
train_loader, held_out = load_local_data()


def weights():
    return [value.numpy() for value in model.state_dict().values()]


def load(arrays):
    names = model.state_dict().keys()
    model.load_state_dict({name: torch.tensor(array) for name, array in zip(names, arrays)}, strict=True)


class Hospital(fl.client.NumPyClient):
    def get_properties(self, config):
        known = {"site_token": os.environ.get("SITE_TOKEN", ""), "site_name": os.environ.get("SITE_NAME", "")}
        return {name: value for name, value in known.items() if value}

    def get_parameters(self, config):
        return weights()

    def fit(self, parameters, config):
        load(parameters)
        print(json.dumps({"fit": {name: str(value) for name, value in config.items()}}), flush=True)
        optimiser = torch.optim.Adam(model.parameters(), lr=float(config.get("learning_rate", 0.01)))
        for _ in range(int(config.get("local_epochs", 2))):
            for series, labels in train_loader:
                optimiser.zero_grad()
                loss = torch.nn.functional.cross_entropy(model(series), labels)
                loss.backward()
                optimiser.step()
        return weights(), len(train_loader.dataset), {"loss": float(loss)}

    def evaluate(self, parameters, config):
        load(parameters)
        with torch.no_grad():
            [(series, labels)] = list(held_out)
            logits = model(series)
            loss = float(torch.nn.functional.cross_entropy(logits, labels))
            accuracy = float((logits.argmax(1) == labels).float().mean())
        return loss, len(labels), {"accuracy": accuracy}


fl.client.start_client(server_address=os.environ["SERVER_ADDRESS"], client=Hospital().to_client(), max_retries=20)
