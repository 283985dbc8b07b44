"""Real TenSEAL on one side of the table: makes keys and vectors, computes, decrypts. Files and numbers only.

Usage: peer.py <folder> <task>, numbers as JSON on standard output.
"""
import json
import sys
from pathlib import Path

import tenseal as ts

folder, task = Path(sys.argv[1]), sys.argv[2]


def read(name):
    return (folder / name).read_bytes()


def write(name, data):
    (folder / name).write_bytes(data)


def make(prefix, degree, bits, scale):
    context = ts.context(ts.SCHEME_TYPE.CKKS, poly_modulus_degree=degree, coeff_mod_bit_sizes=bits)
    context.global_scale = scale
    context.generate_galois_keys()
    write(f"{prefix}-secret", context.serialize(save_secret_key=True))
    write(f"{prefix}-public", context.serialize(save_galois_keys=degree < 8192))  # 35 MB above
    return context


def main():
    if task == "make":
        context = make("two-levels", 8192, [60, 40, 40, 60], 2**40)
        write("age", ts.ckks_vector(context, [35]).serialize())
        small = make("small", 4096, [40, 25, 40], 2**25)
        write("five", ts.ckks_vector(small, [1, 2, 3, 4, 5.5]).serialize())
        return ts.__version__
    if task == "decrypt":
        context = ts.context_from(read(sys.argv[3]))
        return ts.ckks_vector_from(context, read(sys.argv[4])).decrypt()
    if task == "go-on":  # what we computed is added to, and multiplied by, what TenSEAL encrypts
        context = ts.context_from(read("two-levels-secret"))
        score = ts.ckks_vector_from(context, read("score"))
        return [(score + ts.ckks_vector(context, [2.5])).decrypt()[0], (score * [2]).decrypt()[0]]
    if task == "use-ours":  # our public context in TenSEAL's hands
        context = ts.context_from(read("our-public"))
        x, y = ts.ckks_vector(context, [1.5, -2, 3]), ts.ckks_vector_from(context, read("our-vector"))
        write("their-product", (x * y).serialize())
        write("their-dot", x.dot(y).serialize())
        return [context.is_public(), context.has_galois_keys(), context.has_relin_keys()]
    if task == "own-ours":  # our key owner's context in TenSEAL's hands
        context = ts.context_from(read("our-secret"))
        return ts.ckks_vector_from(context, read("our-vector")).decrypt()
    raise SystemExit(f"no task {task}")


print(json.dumps(main()))
