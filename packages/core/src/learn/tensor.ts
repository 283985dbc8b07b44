// Tensors, and sessions as core/learn sees them: the platform's port `Onnx` hands out sessions of this shape.

/** Element types of tensors, as KServe v2 names them. */
export type Datatype = 'FP32' | 'FP64' | 'INT32' | 'INT64' | 'UINT8' | 'BOOL' | RareDatatype

/** Element types that weights seldom have; FP16 as its 16 bits. */
export type RareDatatype = 'FP16' | 'INT8' | 'INT16' | 'UINT16' | 'UINT32' | 'UINT64'

/** The elements of a tensor. */
export type TensorData =
  | Float32Array
  | Float64Array
  | Int32Array
  | BigInt64Array
  | Uint8Array
  | Int8Array
  | Int16Array
  | Uint16Array
  | Uint32Array
  | BigUint64Array

/** A dense tensor, row-major. */
export interface Tensor {
  readonly datatype: Datatype
  readonly shape: readonly number[]
  /** FP32 Float32Array, FP64 Float64Array, INT32 Int32Array, INT64 BigInt64Array, UINT8 and BOOL Uint8Array … */
  readonly data: TensorData
}

/** Tensors by the name of a graph's input or output. */
export type NamedTensors = Readonly<Record<string, Tensor>>

/** What may be said about one run of a graph. */
export interface RunOptions {
  /** Names of the wanted outputs; all without it. */
  readonly outputs?: readonly string[]
  readonly signal?: AbortSignal
  /** Tensors that the engine may fill with the outputs of the same name instead of new ones; it may ignore them. */
  readonly into?: NamedTensors
}

/** A loaded graph; structurally the platform's `OnnxSession`. */
export interface GraphSession {
  run(feeds: NamedTensors, options?: RunOptions): Promise<NamedTensors>
  close(): Promise<void>
}

/** Loads an ONNX graph into an engine; core does no I/O, so the engine comes from outside. */
export type OpenSession = (
  graph: Uint8Array,
  options?: {
    readonly threads?: number
    /** `training` for graphs whose weights are inputs, where rearranging layouts costs more than it gains. */
    readonly use?: 'training' | 'serving'
  },
) => Promise<GraphSession>

/** The number of elements of a shape. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1)
}

/** Makes an FP32 tensor; throws a RangeError when the data does not fill the shape. */
export function floatTensor(shape: readonly number[], data: ArrayLike<number>): Tensor {
  if (data.length !== elementCount(shape)) {
    throw new RangeError(`${data.length} values do not fill the shape [${shape.join(', ')}]`)
  }
  return { datatype: 'FP32', shape, data: data instanceof Float32Array ? data : Float32Array.from(data) }
}

/** The data of an FP32 tensor; throws a TypeError for any other type. */
export function floatsOf(tensor: Tensor | undefined, name = 'tensor'): Float32Array {
  if (!(tensor?.data instanceof Float32Array)) throw new TypeError(`${name} is missing or is not FP32`)
  return tensor.data
}
