"""The same with PyPI tenseal: pip install tenseal; against a running system with XINGLIN_TOKEN set.

XINGLIN_TOKEN=$(npx xinglin token --role data-scientist) python examples/privacy/tenseal_client.py
"""
import json
import os
import urllib.request

import tenseal as ts

BASE = os.environ.get("XINGLIN_URL", "http://127.0.0.1:8080") + "/api/v1/private/"


def ask(path, data=None, kind="application/octet-stream"):
    headers = {"Authorization": "Bearer " + os.environ["XINGLIN_TOKEN"]}
    if data is not None:
        headers["Content-Type"] = kind
    with urllib.request.urlopen(urllib.request.Request(BASE + path, data, headers)) as answer:
        return answer.read()


own = ts.context(ts.SCHEME_TYPE.CKKS, poly_modulus_degree=8192, coeff_mod_bit_sizes=[60, 40, 40, 60])
own.global_scale = 2**40
# Galois keys would add 35 MB and are needed for sums and rotations only.
context = json.loads(ask("contexts", own.serialize(save_galois_keys=False)))["id"]

pressures = [128.0, 141.0, 119.0]
vector = json.loads(ask(f"contexts/{context}/vectors", ts.ckks_vector(own, pressures).serialize()))["id"]
program = {
    "inputs": {"p": vector},
    "steps": [
        {"op": "add-plain", "of": "p", "values": -120, "as": "above"},
        {"op": "multiply-plain", "of": "above", "values": 0.02, "as": "risk"},
    ],
    "outputs": ["risk"],
}
job = json.loads(ask(f"contexts/{context}/jobs", json.dumps(program).encode(), "application/json"))["id"]
done = json.loads(ask(f"jobs/{job}?wait=20"))
result = ts.ckks_vector_from(own, ask(f"vectors/{done['results'][0]['id']}/bytes"))
print(done["state"], [round(value, 2) for value in result.decrypt()])
