// The door to ONNX Runtime in supervised child processes.
export { createOnnx, type OnnxOptions, type OpenOnnx } from './onnx.ts'
export type { TimedSession } from './session.ts'
