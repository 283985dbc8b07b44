// Work of the supervised processes as telemetry sees it: ONNX Runtime, SEAL and the DICOM codecs, each with a span and a duration,
// never with what was computed on.
import type { PixelCodec } from '@xinglin/core/dicom'
import type { OpenOnnx } from '../engines/onnxruntime/index.ts'
import type { Encrypted, Telemetry } from '../kernel/ports.ts'
import { failureName, traced } from '../kernel/telemetry/index.ts'

type EngineName = 'onnx' | 'seal' | 'dicom-codec'
type Observe = <T>(engine: EngineName, operation: string, work: () => Promise<T>) => Promise<T>
type Session = Awaited<ReturnType<OpenOnnx['open']>>

const msPerSecond = 1000

function createObserve(telemetry: Telemetry): Observe {
  const duration = telemetry.metrics.histogram({
    name: 'xinglin.engine.operation.duration',
    help: 'Duration of work in supervised processes, with the wait for its turn',
    unit: 's',
    labels: ['engine', 'operation', 'error.type'],
  })
  return async (engine, operation, work) => {
    const startedMs = performance.now()
    const tell = (failure: string): void =>
      duration((performance.now() - startedMs) / msPerSecond, { engine, operation, error_type: failure })
    try {
      const result = await traced(telemetry, `${engine} ${operation}`, { kind: 'client' }, work)
      tell('')
      return result
    } catch (error) {
      tell(failureName(error))
      throw error
    }
  }
}

function observedSession(session: Session, observe: Observe): Session {
  return {
    inputNames: session.inputNames,
    outputNames: session.outputNames,
    get pid() {
      return session.pid
    },
    get restarts() {
      return session.restarts
    },
    run: (feeds, options) => observe('onnx', 'run', () => session.run(feeds, options)),
    runTimed: (feeds, options) => observe('onnx', 'run', () => session.runTimed(feeds, options)),
    close: () => session.close(),
  }
}

/** The same ONNX Runtime, observed. */
export function observedOnnx(onnx: OpenOnnx, telemetry: Telemetry): OpenOnnx {
  const observe = createObserve(telemetry)
  return {
    open: async (graph, options) =>
      observedSession(await observe('onnx', 'open', () => onnx.open(graph, options)), observe),
    close: () => onnx.close(),
  }
}

/** The same encrypted arithmetic, observed. */
export function observedEncrypted(encrypted: Encrypted, telemetry: Telemetry): Encrypted {
  const observe = createObserve(telemetry)
  return {
    inspectContext: (context, signal) =>
      observe('seal', 'inspect-context', () => encrypted.inspectContext(context, signal)),
    inspectVector: (context, vector, signal) =>
      observe('seal', 'inspect-vector', () => encrypted.inspectVector(context, vector, signal)),
    compute: (computation) => observe('seal', 'compute', () => encrypted.compute(computation)),
  }
}

/** The same codecs, observed. */
export function observedCodec(codec: PixelCodec, telemetry: Telemetry): PixelCodec {
  const observe = createObserve(telemetry)
  return {
    decode: (frame, signal) => observe('dicom-codec', 'decode', () => codec.decode(frame, signal)),
    encodeJpeg: (picture, quality, signal) =>
      observe('dicom-codec', 'encode-jpeg', () => codec.encodeJpeg(picture, quality, signal)),
  }
}
