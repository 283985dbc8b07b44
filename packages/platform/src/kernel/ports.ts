// Everything a service may ask the composition root for. A service never imports an engine or another service.
import type { Approximation, Program, VectorFacts } from '@xinglin/core/ckks'
import type { Bundle, Resource } from '@xinglin/core/fhir'
import type { Datatype, NamedTensors } from '@xinglin/core/learn'
import type { Caller } from './caller.ts'
import type { Sql, Tx } from './sql.ts'
import type { Telemetry } from './telemetry/port.ts'

export type { Datatype, NamedTensors, Tensor, TensorData } from '@xinglin/core/learn'
export type {
  AttributeValue,
  EntryOptions,
  Instrument,
  LabelValues,
  Metrics,
  Span,
  SpanKind,
  SpanOptions,
  Telemetry,
} from './telemetry/port.ts'

/** Structured log without PHI: an event name and ids. `error` means that a person must look. */
export interface Logger {
  debug(event: string, fields?: LogFields): void
  info(event: string, fields?: LogFields): void
  warn(event: string, fields?: LogFields): void
  error(event: string, fields?: LogFields & { readonly error?: unknown }): void
  child(fields: LogFields): Logger
}

/** Ids, counts and durations; never names, birth dates, free text or tokens. */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined | unknown>>

/** Time as an argument. */
export interface Clock {
  now(): Date
  /** Monotonic milliseconds for durations. */
  monotonicMs(): number
}

/** New identifiers. */
export interface Ids {
  /** A UUIDv7: ordered by time, unguessable. */
  uuid(): string
}

/** A stretch of a blob: the first byte, and the one after the last. */
export interface ByteRange {
  readonly start: number
  readonly end: number
}

/** Bytes on disk or S3, addressed by key; durable (fsync) before `put` resolves, which keeps no chunk beyond asking for the next. */
export interface Blobs {
  put(
    key: string,
    body: AsyncIterable<Uint8Array> | Uint8Array,
  ): Promise<{ readonly sizeBytes: number; readonly sha256: string }>
  /** The bytes, or a stretch of them; undefined when there is no such blob. */
  get(key: string, range?: ByteRange): Promise<AsyncIterable<Uint8Array> | undefined>
  has(key: string): Promise<boolean>
  delete(key: string): Promise<void>
}

/** A fact that other rooms react to, e.g. `records.written`. */
export interface OutboxEvent {
  readonly topic: string
  /** Decides partition and order: the patient's id where there is one, else the resource's. */
  readonly key: string
  readonly payload: Readonly<Record<string, unknown>>
}

/** An event as delivered: at least once, in order per key. */
export interface DeliveredEvent extends OutboxEvent {
  readonly id: number
  readonly at: Date
  readonly attempt: number
  /** W3C traceparent of the change that it tells of, where that was traced. */
  readonly trace?: string
}

/** The transactional outbox. */
export interface Events {
  /** Adds events to the open transaction. */
  publish(tx: Tx, events: readonly OutboxEvent[]): Promise<void>
  /** Registers a consumer; each partition is leased by one process. Failing events are retried, then kept as dead letters. */
  subscribe(consumer: string, topics: readonly string[], handle: (event: DeliveredEvent) => Promise<void>): void
}

/** One access, as the audit trail records it; the audit service turns it into an AuditEvent (IHE BALP shape). */
export interface AuditEntry {
  readonly caller: Caller | undefined
  /** C create, R read, U update, D delete, E execute (search, operation, sign-in). */
  readonly action: 'C' | 'R' | 'U' | 'D' | 'E'
  /** FHIR restful-interaction code (read, vread, search-type, transaction …) or an own word such as `sign-in`. */
  readonly interaction: string
  readonly outcome: 'success' | 'refused' | 'failed'
  /** HTTP status of the answer where there is one. */
  readonly status?: number
  /** References touched, e.g. `Patient/123/_history/2`; bounded to 100 by the trail. */
  readonly entities?: readonly string[]
  /** Ids of the patients concerned (without `Patient/`). */
  readonly patients?: readonly string[]
  /** Search as sent (path and query), for query events. */
  readonly query?: string
  readonly traceId?: string
  /** Why it was refused: error code or rule id. */
  readonly reason?: string
}

/** The audit trail. */
export interface Audit {
  /** Adds entries inside the transaction of the write they describe. */
  append(tx: Tx, entries: readonly AuditEntry[]): Promise<void>
  /** Records an access outside a transaction; resolves when it is durable (group-committed). Await it before answering. */
  record(entry: AuditEntry): Promise<void>
}

/** An instance of a service that the registry knows. */
export interface Instance {
  readonly id: string
  readonly service: string
  readonly address: string
  readonly port: number
  readonly healthy: boolean
  readonly tags: readonly string[]
}

/** Discovery of services. */
export interface Registry {
  register(instance: Omit<Instance, 'healthy'> & { readonly checkUrl?: string }): Promise<void>
  deregister(id: string): Promise<void>
  /** Healthy instances now (cached, followed by blocking queries when the registry is elsewhere). */
  instances(service: string): readonly Instance[]
  /** Calls back at once and on each change. */
  watch(service: string, onChange: (instances: readonly Instance[]) => void): () => void
}

/** A fetch-shaped call to another service: local handler or HTTP, with deadline, trace and the caller's internal token. */
export type CallService = (
  service: string,
) => (path: string, init?: RequestInit & { readonly caller?: Caller; readonly timeoutMs?: number }) => Promise<Response>

/** An ONNX graph that is loaded in a supervised child process. */
export interface OnnxSession {
  readonly inputNames: readonly string[]
  readonly outputNames: readonly string[]
  /** Runs the graph once; rejects with an AppError when a tensor does not fit or the child was lost. */
  run(
    feeds: NamedTensors,
    options?: { readonly outputs?: readonly string[]; readonly signal?: AbortSignal },
  ): Promise<NamedTensors>
  close(): Promise<void>
}

/** ONNX Runtime out of process; a child starts with the first session and ends with the last. */
export interface Onnx {
  open(graph: Uint8Array, options?: { readonly threads?: number; readonly memoryMb?: number }): Promise<OnnxSession>
}

/** What a served model takes and gives, as KServe v2 describes it; -1 in a shape is any size. */
export interface ModelMetadata {
  readonly name: string
  readonly versions: readonly string[]
  readonly platform: string
  readonly inputs: readonly TensorMetadata[]
  readonly outputs: readonly TensorMetadata[]
}

/** One input or output of a model. */
export interface TensorMetadata {
  readonly name: string
  readonly datatype: Datatype
  readonly shape: readonly number[]
}

/** Served models over KServe v2: our own inference service, or Triton where `TRITON_URL` says so. */
export interface Models {
  metadata(model: string, version?: string): Promise<ModelMetadata>
  infer(
    model: string,
    inputs: NamedTensors,
    options?: { readonly version?: string; readonly outputs?: readonly string[]; readonly signal?: AbortSignal },
  ): Promise<NamedTensors>
}

/** What a key owner's public context lets others do. */
export interface EncryptedContextFacts {
  readonly degree: number
  /** Primes of the coefficient modulus in decimal, the special one last. */
  readonly primes: readonly string[]
  /** Values of one vector at most. */
  readonly slots: number
  /** Multiplications in a row that a fresh vector stands. */
  readonly levels: number
  /** Scale of fresh vectors, where the context names one. */
  readonly scale: number | undefined
  readonly hasPublicKey: boolean
  readonly hasRelinKeys: boolean
  /** Steps to the left that one Galois key makes. */
  readonly rotations: readonly number[]
  /** The SEAL that wrote the context, e.g. `4.3`; results are written for it. */
  readonly sealVersion: string
}

/** A public context by its key; it is read only when the computing process does not hold it already. */
export interface EncryptedContext {
  readonly key: string
  read(): Promise<Uint8Array>
}

/** A computation on encrypted vectors. */
export interface EncryptedComputation {
  readonly context: EncryptedContext
  /** TenSEAL vectors by name. */
  readonly inputs: readonly { readonly name: string; readonly bytes: Uint8Array }[]
  readonly program: Program
  readonly onProgress?: (done: number, total: number) => void
  readonly signal?: AbortSignal
}

/** What came of it. */
export interface EncryptedResults {
  /** TenSEAL vectors by name. */
  readonly results: readonly (VectorFacts & { readonly name: string; readonly bytes: Uint8Array })[]
  readonly approximations: readonly Approximation[]
  readonly operations: number
}

/** Arithmetic on encrypted vectors (CKKS) out of process, where no secret key ever comes. */
export interface Encrypted {
  /** Checks a TenSEAL context and all its keys. @throws AppError 'unprocessable', also when it carries a secret key */
  inspectContext(context: Uint8Array, signal?: AbortSignal): Promise<EncryptedContextFacts>
  /** Checks a TenSEAL CKKS vector against a context. @throws AppError 'unprocessable' */
  inspectVector(context: EncryptedContext, vector: Uint8Array, signal?: AbortSignal): Promise<VectorFacts>
  /** @throws AppError 'unprocessable' (not possible), 'timeout', 'unavailable' (busy, or the process was lost) */
  compute(computation: EncryptedComputation): Promise<EncryptedResults>
}

/** The graph of triage as names and edges. */
export interface SymptomEdges {
  readonly symptoms: readonly { readonly id: string; readonly name: string; readonly zh: string }[]
  readonly diseases: readonly {
    readonly id: string
    readonly name: string
    readonly zh: string
    readonly icd10: string
  }[]
  readonly edges: readonly { readonly symptom: string; readonly disease: string; readonly p: number }[]
}

/** The same graph in a graph database. */
export interface SymptomGraph {
  /** Replaces the graph, at once and whole; nothing happens when it is this one already. */
  load(graph: SymptomEdges): Promise<void>
  /** For each disease with a match: matched symptoms / all its symptoms, highest first, by id. */
  scores(symptoms: readonly string[]): Promise<readonly { readonly disease: string; readonly score: number }[]>
}

/** Work on FHIR content too large for the event loop (> 16 kB): parse, validate, index in a worker thread. */
export interface Prepared {
  readonly resource: Resource | Bundle
}

/** The ports common to all services. */
export interface Ports {
  readonly sql: Sql
  readonly blobs: Blobs
  readonly events: Events
  readonly audit: Audit
  readonly registry: Registry
  readonly call: CallService
  readonly onnx: Onnx
  readonly models: Models
  readonly telemetry: Telemetry
  readonly log: Logger
  readonly clock: Clock
  readonly ids: Ids
}
