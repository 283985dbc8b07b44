"""Runs a client script unchanged, whatever server it names: its channel is led to the server under test.

Usage: python launch.py <host:port> <script>
"""

import os
import runpy
import sys

import grpc
import torch

ADDRESS, SCRIPT = sys.argv[1:3]
os.environ["SERVER_ADDRESS"] = ADDRESS
torch.set_num_threads(1)
open_channel = grpc.insecure_channel


def insecure_channel(_target, *args, **kwargs):
    """Opens the channel to the server under test."""
    return open_channel(ADDRESS, *args, **kwargs)


grpc.insecure_channel = insecure_channel
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.argv = [SCRIPT]
runpy.run_path(SCRIPT, run_name="__main__")
