# Loads .npy files (base64, a JSON list on standard input) with NumPy and prints what NumPy itself would have saved.
import base64
import io
import json
import sys

import numpy


def echo(text):
    array = numpy.load(io.BytesIO(base64.b64decode(text)), allow_pickle=False)
    file = io.BytesIO()
    numpy.save(file, array)
    return base64.b64encode(file.getvalue()).decode()


json.dump({"numpy": numpy.__version__, "files": [echo(text) for text in json.load(sys.stdin)]}, sys.stdout)
