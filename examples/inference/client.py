# The edge filter asked with PyPI's tritonclient, once own-model.ts has put it into production: pip install 'tritonclient[http]'
import numpy as np
import tritonclient.http as http_client

with http_client.InferenceServerClient("127.0.0.1:8010") as client:
    picture = np.zeros((1, 1, 8, 8), dtype=np.float32)
    picture[0, 0, 2:6, 2:6] = 1
    tensor = http_client.InferInput("picture", list(picture.shape), "FP32")
    tensor.set_data_from_numpy(picture)
    print(client.infer("edge_filter", [tensor]).as_numpy("edges")[0, 0].round(1))
