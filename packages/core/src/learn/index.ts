// The door to learning: models as graphs that are trained, explained and served by onnxruntime; pure, engines come as arguments.
export { type GradientOptions, gradientGraph } from './gradient-graph.ts'
export { type InferenceOptions, inferenceGraph } from './inference-graph.ts'
export { binaryCrossEntropy, combine, crossEntropy, dice, type Loss } from './losses.ts'
export { defineModel, type Model } from './model.ts'
export { type LstmClassifierOptions, lstmClassifier } from './models/lstm-classifier.ts'
export { type UnetOptions, unet } from './models/unet.ts'
export { type OnnxRuntime, onnxruntimeSessions } from './onnxruntime.ts'
export type { AdamOptions } from './optimiser.ts'
export {
  constantInitial,
  fromTensors,
  heNormal,
  initialWeights,
  type ParameterSpec,
  torchUniform,
  toTensors,
} from './parameters.ts'
export {
  type Datatype,
  floatTensor,
  type GraphSession,
  type NamedTensors,
  type OpenSession,
  type Tensor,
  type TensorData,
} from './tensor.ts'
export { createTrainer, type Trainer, type TrainingBatch, type TrainingState } from './trainer.ts'
export { type TrainingGraph, type TrainingOptions, trainingGraph } from './training-graph.ts'
export { readNpy, writeNpy } from './weights/npy.ts'
export { readOnnxWeights, weightsFromOnnx } from './weights/onnx-weights.ts'
export { readSafetensors, writeSafetensors } from './weights/safetensors.ts'
