# Calls a KServe v2 server with PyPI's tritonclient, over HTTP and gRPC, exactly as its users do; prints one JSON object of results.
# Usage: triton_client.py HTTP_ADDRESS GRPC_ADDRESS MODEL_FILE
import json
import sys

import numpy as np
import tritonclient.grpc as grpc_client
import tritonclient.http as http_client
from tritonclient.utils import InferenceServerException

http_address, grpc_address, model_file = sys.argv[1:4]
results = {}


def check(name, passed, detail=""):
    results[name] = {"passed": bool(passed), "detail": str(detail)}


def refused(call):
    try:
        call()
    except InferenceServerException as error:
        return str(error)
    return None


def tensors(kind, a, b, **binary):
    inputs = [kind.InferInput(name, list(value.shape), "FP32") for name, value in (("a", a), ("b", b))]
    for tensor, value in zip(inputs, (a, b)):
        tensor.set_data_from_numpy(value, **binary)
    return inputs


def common(prefix, client, kind):
    check(f"{prefix}: live, ready", client.is_server_live() and client.is_server_ready())
    check(f"{prefix}: model ready", client.is_model_ready("simple") and not client.is_model_ready("broken"))
    a = np.arange(6, dtype=np.float32).reshape(2, 3)
    b = np.full((2, 3), 0.5, dtype=np.float32)
    answer = client.infer("simple", tensors(kind, a, b), request_id="r1")
    check(f"{prefix}: infer", np.array_equal(answer.as_numpy("sum"), a + b) and np.array_equal(answer.as_numpy("difference"), a - b))
    outputs = [kind.InferRequestedOutput("sum", class_count=1)]
    classes = client.infer("simple", tensors(kind, a, b), outputs=outputs).as_numpy("sum")
    check(f"{prefix}: classification", classes.tolist() == [[b"2.500000:2:right"], [b"5.500000:2:right"]], classes)
    answer = client.infer("scale", [scaled(kind)], model_version="1", priority=0, timeout=1_000_000)
    check(f"{prefix}: version", answer.as_numpy("output__0").tolist() == [[10.0, 20.0]])
    handles = [asked(prefix, client, kind, n) for n in range(8)]
    check(f"{prefix}: asynchronous", [one() for one in handles] == [[[30.0 * n, 30.0]] for n in range(8)])
    check(f"{prefix}: unknown model", "unknown model" in (refused(lambda: client.infer("none", [scaled(kind)])) or ""))
    wrong = kind.InferInput("input__0", [1, 3], "FP32")
    wrong.set_data_from_numpy(np.zeros((1, 3), dtype=np.float32))
    check(f"{prefix}: wrong shape", "unexpected shape" in (refused(lambda: client.infer("scale", [wrong])) or ""))
    client.unload_model("scale")
    check(f"{prefix}: unload", not client.is_model_ready("scale"))
    client.load_model("scale")
    check(f"{prefix}: load", client.is_model_ready("scale", "3"))
    with open(model_file, "rb") as file:
        content = file.read()
    client.load_model(f"sent_{prefix}", config=json.dumps({"max_batch_size": 2}), files={"file:4/model.onnx": content})
    answer = client.infer(f"sent_{prefix}", [scaled(kind)])
    check(f"{prefix}: load with files", answer.as_numpy("output__0").tolist() == [[7.0, 14.0]])


def scaled(kind, first=1.0, second=2.0):
    tensor = kind.InferInput("input__0", [1, 2], "FP32")
    tensor.set_data_from_numpy(np.array([[first, second]], dtype=np.float32))
    return tensor


def asked(prefix, client, kind, n):
    if prefix == "http":
        handle = client.async_infer("scale", [scaled(kind, n, 1.0)])
        return lambda: handle.get_result().as_numpy("output__0").tolist()
    import queue

    told = queue.Queue()
    client.async_infer("scale", [scaled(kind, n, 1.0)], callback=lambda result, error: told.put((result, error)))
    return lambda: told.get(timeout=20)[0].as_numpy("output__0").tolist()


def over_http():
    with http_client.InferenceServerClient(http_address, concurrency=4) as client:
        common("http", client, http_client)
        metadata = client.get_model_metadata("simple")
        check("http: metadata", metadata["inputs"][0] == {"name": "a", "datatype": "FP32", "shape": [-1, 3]}, metadata)
        check("http: config", client.get_model_config("simple")["max_batch_size"] == 8)
        names = {entry["name"] for entry in client.get_model_repository_index()}
        check("http: index", {"simple", "scale", "broken"} <= names, names)
        stats = client.get_inference_statistics("simple")["model_stats"][0]
        check("http: statistics", stats["inference_stats"]["success"]["count"] >= 2)
        check("http: logging", client.update_log_settings({"log_verbose_level": 0})["log_info"] is True)
        traced = client.update_trace_settings("simple", {"trace_level": ["TIMESTAMPS"], "trace_rate": "1"})
        check("http: trace", traced["trace_level"] == ["TIMESTAMPS"] and client.get_trace_settings()["trace_level"] == ["OFF"], traced)
        a = np.ones((1, 3), dtype=np.float32)
        inputs = tensors(http_client, a, a, binary_data=False)
        outputs = [http_client.InferRequestedOutput("sum", binary_data=False)]
        check("http: JSON tensors", client.infer("simple", inputs, outputs=outputs).as_numpy("sum").tolist() == [[2.0] * 3])
        for coding in ("gzip", "deflate"):
            answer = client.infer("simple", tensors(http_client, a, a), request_compression_algorithm=coding, response_compression_algorithm=coding)
            check(f"http: {coding}", answer.as_numpy("sum").tolist() == [[2.0] * 3])


def over_grpc():
    with grpc_client.InferenceServerClient(grpc_address) as client:
        common("grpc", client, grpc_client)
        check("grpc: metadata", client.get_model_metadata("simple").platform == "onnxruntime_onnx")
        config = client.get_model_config("simple", as_json=True)["config"]
        check("grpc: config", config["max_batch_size"] == 8 and config["input"][0]["data_type"] == "TYPE_FP32", config)
        names = {entry.name for entry in client.get_model_repository_index().models}
        check("grpc: index", {"simple", "scale", "broken"} <= names, names)
        stats = client.get_inference_statistics("simple").model_stats[0]
        check("grpc: statistics", stats.inference_stats.success.count >= 2)
        settings = client.update_log_settings({"log_verbose_level": 0})
        check("grpc: logging", settings.settings["log_info"].bool_param is True)
        traced = client.update_trace_settings("simple", {"trace_level": ["OFF"], "trace_rate": "5"})
        check("grpc: trace", list(traced.settings["trace_rate"].value) == ["5"])
        told = []
        client.start_stream(callback=lambda result, error: told.append((result, error)))
        for n in range(16):
            client.async_stream_infer("scale", [scaled(grpc_client, n, 0.0)], request_id=str(n))
        client.stop_stream()
        check("grpc: stream", [(r.get_response().id, r.as_numpy("output__0").tolist()) for r, _ in told] == [(str(n), [[30.0 * n, 0.0]]) for n in range(16)])


over_http()
over_grpc()
print(json.dumps(results))
