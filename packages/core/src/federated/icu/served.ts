// How the mortality model presents itself where models are served: Triton's configuration.
import { icuFeatures, stayBins, stayHours } from './features.ts'

const units = icuFeatures.map(({ name, unit }) => `${name} [${unit}]`).join(', ')

function parameter(key: string, value: string): string {
  return `parameters {\n  key: "${key}"\n  value { string_value: "${value}" }\n}\n`
}

/** The text of `config.pbtxt` for a model of this name: `values` FP32 [24, 12] with NaN for not measured, to `risk` FP32 [1]. */
export function icuModelConfig(name: string): string {
  const parameters = [
    parameter('features', units),
    parameter(
      'time',
      `${stayBins} bins of ${stayHours / stayBins} h from admission to the unit; one measured value of each bin, the last`,
    ),
    parameter('missing', 'NaN; carried forward inside the graph'),
    parameter(
      'normalisation',
      'limits, ln(1 + x) of skewed values, mean and deviation: inside the graph, feed raw values',
    ),
    parameter('output', 'probability of death in hospital; decision support, not for clinical use'),
  ]
  return `name: "${name}"
platform: "onnxruntime_onnx"
max_batch_size: 256
input [
  {
    name: "values"
    data_type: TYPE_FP32
    dims: [ ${stayBins}, ${icuFeatures.length} ]
  }
]
output [
  {
    name: "risk"
    data_type: TYPE_FP32
    dims: [ 1 ]
  }
]
dynamic_batching { }
${parameters.join('')}`
}
