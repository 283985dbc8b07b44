# Values of the Python package shap for models that are given as JSON on standard input; answers JSON on standard output.
# Needs numpy and shap, no PyTorch. Written for conformance/shap/shap.test.ts and bench/explain.ts.
import json
import sys
import time

import numpy as np
import shap


def network(given):
    """tanh layer and sigmoid, as a function over rows."""
    w1, b1, w2, b2 = (np.array(given[name]) for name in ("w1", "b1", "w2", "b2"))
    return lambda rows: 1 / (1 + np.exp(-(np.tanh(rows @ w1.T + b1) @ w2 + b2)))


def timed(work):
    started = time.process_time()
    values, base = work()
    return {
        "values": np.array(values).tolist(),
        "base": float(np.ravel(base)[0]),
        "seconds": time.process_time() - started,
    }


def of_network(given):
    predict = network(given["network"])
    background, samples = np.array(given["background"]), np.array(given["samples"])
    masker = shap.maskers.Independent(background, max_samples=len(background))

    def exact():
        found = shap.explainers.Exact(predict, masker)(samples)
        return found.values, found.base_values

    def kernel():
        explainer = shap.KernelExplainer(predict, background)
        values = explainer.shap_values(samples, nsamples=given["nsamples"], silent=True, l1_reg=0)
        return values, explainer.expected_value

    def permutation():
        explainer = shap.explainers.Permutation(predict, masker)
        found = explainer(samples, max_evals=20 * (2 * samples.shape[1] + 1), silent=True)
        return found.values, found.base_values

    methods = {"exact": exact, "kernel": kernel, "permutation": permutation}
    return {name: timed(methods[name]) for name in given["methods"]}


def ensemble(given):
    """A model as shap takes it; made anew for each explainer, which may count its rows again in place."""
    return {
        "internal_dtype": np.float64,
        "input_dtype": np.float64,
        "objective": "squared_error",
        "tree_output": "raw_value",
        "base_offset": given["initial"],
        "trees": [
            {
                "children_left": np.array(tree["left"], dtype=np.int32),
                "children_right": np.array(tree["right"], dtype=np.int32),
                "children_default": np.array(tree["right"], dtype=np.int32),
                "features": np.array(tree["feature"], dtype=np.int32),
                "thresholds": np.array(tree["threshold"], dtype=np.float64),
                "values": np.array(tree["value"], dtype=np.float64).reshape(-1, 1) * given["scale"],
                "node_sample_weight": np.array(tree["cover"], dtype=np.float64),
            }
            for tree in given["trees"]
        ],
    }


def of_trees(given):
    samples, background = np.array(given["samples"]), np.array(given["background"])

    def with_background():
        explainer = shap.TreeExplainer(ensemble(given), data=background, feature_perturbation="interventional")
        return explainer.shap_values(samples, check_additivity=False), explainer.expected_value

    def by_path():
        explainer = shap.TreeExplainer(ensemble(given), feature_perturbation="tree_path_dependent")
        return explainer.shap_values(samples, check_additivity=False), explainer.expected_value

    return {"interventional": timed(with_background), "path": timed(by_path)}


asked = json.load(sys.stdin)
answer = {"version": shap.__version__}
if "network" in asked:
    answer.update(of_network(asked))
if "trees" in asked:
    answer.update(of_trees(asked))
json.dump(answer, sys.stdout)
