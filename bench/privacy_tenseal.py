"""Times of PyPI tenseal for bench/privacy.ts: medians of CPU ms of the one thread that works, as JSON."""
import json
import sys
import time

import tenseal as ts

rounds = int(sys.argv[1])
size = int(sys.argv[2])
context = ts.context(
    ts.SCHEME_TYPE.CKKS, poly_modulus_degree=8192, coeff_mod_bit_sizes=[60, 40, 40, 60], n_threads=1
)
context.global_scale = 2**40
context.generate_galois_keys()
values = [0.5 + index / size for index in range(size)]
x, y = ts.ckks_vector(context, values), ts.ckks_vector(context, values)
age = ts.ckks_vector(context, [35])


def median(work):
    for _ in range(5):
        work()
    times = []
    for _ in range(rounds):
        start = time.thread_time()
        work()
        times.append((time.thread_time() - start) * 1000)
    return sorted(times)[len(times) // 2]


serialized = x.serialize()
print(
    json.dumps(
        {
            "version": ts.__version__,
            "ms": {
                "encrypt": median(lambda: ts.ckks_vector(context, values)),
                "add": median(lambda: x + y),
                "multiplyPlain": median(lambda: x * values),
                "multiply": median(lambda: x * y),
                "dot": median(lambda: x.dot(y)),
                "decrypt": median(lambda: x.decrypt()),
                "score": median(lambda: (age * 0.5 + 10)),
                "serialize": median(lambda: x.serialize()),
                "load": median(lambda: ts.ckks_vector_from(context, serialized)),
            },
            "bytes": {"vector": len(serialized)},
        }
    )
)
