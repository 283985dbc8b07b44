# Trains PyTorch models with the weights and batches given on standard input (a JSON list) and prints losses and weights.
import json
import sys
import time

import torch
from torch import nn
from torch.nn import functional

torch.set_num_threads(1)


class LstmClassifier(nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.lstm = nn.LSTM(features, hidden, batch_first=True)
        self.fc = nn.Linear(hidden, classes)

    def forward(self, x):
        states, _ = self.lstm(x)
        return self.fc(states[:, -1])


def tensor(spec):
    kind = torch.long if spec["datatype"] == "INT32" else torch.float32
    return torch.tensor(spec["data"], dtype=kind).reshape(spec["shape"])


def build(request):
    if request["model"] == "lstm":
        return LstmClassifier(**request["sizes"]), functional.cross_entropy
    from unet_reference import UNet

    return UNet(**request["sizes"]), functional.binary_cross_entropy_with_logits


def blas():
    with open("/proc/self/maps") as maps:
        found = {line.split()[-1] for line in maps if "blas" in line}
    return sorted(path.rsplit("/", 1)[-1] for path in found)


def train(request):
    model, loss_of = build(request)
    model.load_state_dict({name: tensor(spec) for name, spec in request["weights"].items()}, strict=False)
    optimiser = torch.optim.Adam(model.parameters(), lr=request["learningRate"])
    batches = [(tensor(one["input"]), tensor(one["target"])) for one in request["batches"]]
    losses, seconds = [], []
    for step in range(request["steps"]):
        inputs, target = batches[step % len(batches)]
        start = time.process_time()
        optimiser.zero_grad()
        loss = loss_of(model(inputs), target)
        loss.backward()
        optimiser.step()
        seconds.append(time.process_time() - start)
        losses.append(loss.item())
    weights = {name: value.flatten().tolist() for name, value in model.state_dict().items()} if request["giveWeights"] else {}
    return {"torch": torch.__version__, "losses": losses, "seconds": seconds, "weights": weights, "blas": blas()}


json.dump([train(request) for request in json.load(sys.stdin)], sys.stdout)
