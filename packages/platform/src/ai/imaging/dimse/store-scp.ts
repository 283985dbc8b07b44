// One DIMSE association: who may open it, what it may send, and where that goes (PS3.4 annexes A and B, PS3.7).
import type { Socket } from 'node:net'
import { Writable } from 'node:stream'
import { transferSyntaxes } from '@xinglin/core/dicom'
import dimse from 'dcmjs-dimse'
import { createPduGuard } from './pdu-guard.ts'
import type { ReceivedDataset } from './received-file.ts'

/** What an association may do, and who takes what it sends. */
export interface AssociationOptions {
  readonly aeTitle: string
  /** Anybody may send when empty. */
  readonly callingAeTitles: readonly string[]
  readonly maxDatasetBytes: number
  /** Longest silence before the association is asked for, and after it was refused or released (ARTIM, PS3.8 9.1.5). */
  readonly artimMs: number
  /** Stores a data set; gives the DICOM status. */
  readonly store: (received: ReceivedDataset) => Promise<number>
  /** Told of each association that was refused. */
  readonly onRefused: (callingAeTitle: string, reason: string) => void
}

const { PresentationContextResult, RejectReason, RejectResult, RejectSource, Status, TransferSyntax } = dimse.constants
const { CEchoResponse, CStoreResponse } = dimse.responses
const verification = '1.2.840.10008.1.1'
const storagePattern = /^1\.2\.840\.10008\.5\.1\.4\.(1\.1|34\.7|43\.1|44\.1|45\.1|78\.1|79\.1|80\.1|81\.1)(\.|$)/
const maxPduBytes = 1_048_576
// What senders are asked for; the library's own 16 KiB makes a slice 32 units.
const receivedPduBytes = 131_072
const associationTimeoutMs = 30_000
const pduTimeoutMs = 60_000

type Context = InstanceType<typeof dimse.association.PresentationContext>

// The library writes what it sees to the console; nothing of it belongs there.
dimse.log.disableAll()
dimse.Implementation.setMaxPduLength(receivedPduBytes)

class DatasetSink extends Writable {
  readonly chunks: Buffer[] = []
  sizeBytes = 0
  readonly #limit: number

  constructor(limit: number) {
    // The library does not wait in order for a stream that is full, so this one never is; the limit ends the connection.
    super({ highWaterMark: limit + maxPduBytes })
    this.#limit = limit
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error) => void): void {
    this.sizeBytes += chunk.length
    if (this.sizeBytes <= this.#limit) this.chunks.push(Buffer.from(chunk))
    done()
  }

  get isOver(): boolean {
    return this.sizeBytes > this.#limit
  }
}

/** The receiving end of one association. */
export class StoreScp extends dimse.Scp {
  readonly #socket: Socket
  readonly #options: AssociationOptions
  readonly #datasets = new WeakMap<object, { readonly bytes: Buffer; readonly transferSyntax: string } | 'too-large'>()
  #callingAeTitle = ''
  #artim: NodeJS.Timeout | undefined

  constructor(socket: Socket, options: AssociationOptions) {
    const isWithin = createPduGuard(maxPduBytes)
    socket.setNoDelay(true)
    // Before the library, which would keep a unit of any length in memory.
    socket.on('data', (chunk: Buffer) => {
      if (!isWithin(chunk)) socket.destroy()
    })
    super(socket, { associationTimeout: associationTimeoutMs, pduTimeout: pduTimeoutMs, connectTimeout: pduTimeoutMs })
    this.#socket = socket
    this.#options = options
    this.on('networkError', () => socket.destroy())
    this.#startArtim()
    socket.once('close', () => clearTimeout(this.#artim))
  }

  #startArtim(): void {
    clearTimeout(this.#artim)
    this.#artim = setTimeout(() => this.#socket.destroy(), this.#options.artimMs).unref()
  }

  override associationRequested(association: InstanceType<typeof dimse.association.Association>): void {
    const { aeTitle, callingAeTitles, onRefused } = this.#options
    const calling = association.getCallingAeTitle().trim()
    const isKnown = callingAeTitles.length === 0 || callingAeTitles.includes(calling)
    const isMeant = association.getCalledAeTitle().trim() === aeTitle
    if (!isKnown || !isMeant) {
      const reason = isMeant ? RejectReason.CallingAeNotRecognized : RejectReason.CalledAeNotRecognized
      onRefused(calling, isMeant ? 'calling-ae-title' : 'called-ae-title')
      this.sendAssociationReject(RejectResult.Permanent, RejectSource.ServiceUser, reason)
      this.#startArtim()
      return
    }
    clearTimeout(this.#artim)
    this.#callingAeTitle = calling
    for (const { context } of association.getPresentationContexts()) decide(context)
    this.sendAssociationAccept()
  }

  override createStoreWritableStream(): Writable {
    return new DatasetSink(this.#options.maxDatasetBytes)
  }

  // The data set is not parsed here: its bytes go to the store as they came.
  override createDatasetFromStoreWritableStream(
    stream: Writable,
    context: Context,
    done: (dataset: InstanceType<typeof dimse.Dataset>) => void,
  ): void {
    const dataset = new dimse.Dataset({})
    if (stream instanceof DatasetSink) {
      const transferSyntax = context.getAcceptedTransferSyntaxUid() ?? TransferSyntax.ImplicitVRLittleEndian
      this.#datasets.set(dataset, stream.isOver ? 'too-large' : { bytes: Buffer.concat(stream.chunks), transferSyntax })
    }
    done(dataset)
  }

  override cEchoRequest(
    request: InstanceType<typeof dimse.requests.CEchoRequest>,
    answer: (response: InstanceType<typeof CEchoResponse>) => void,
  ): void {
    const response = CEchoResponse.fromRequest(request)
    response.setStatus(Status.Success)
    answer(response)
  }

  override cStoreRequest(
    request: InstanceType<typeof dimse.requests.CStoreRequest>,
    answer: (response: InstanceType<typeof CStoreResponse>) => void,
  ): void {
    const response = CStoreResponse.fromRequest(request)
    const end = (status: number): void => {
      response.setStatus(status)
      answer(response)
    }
    const held = this.#datasets.get(request.getDataset() ?? {})
    if (held === undefined || held === 'too-large') {
      end(held === undefined ? Status.ProcessingFailure : Status.ResourceLimitation)
      return
    }
    const received: ReceivedDataset = {
      ...held,
      sopClass: request.getAffectedSopClassUid(),
      sopInstance: request.getAffectedSopInstanceUid(),
      sender: this.#callingAeTitle,
    }
    this.#options.store(received).then(end, () => end(Status.ProcessingFailure))
  }

  override associationReleaseRequested(): void {
    this.sendAssociationReleaseResponse()
    this.#startArtim()
  }

  override abort(): void {
    this.#socket.destroy()
  }
}

// Explicit little endian where it is offered, else the first syntax that is known: what comes in is kept as it is.
function decide(context: Context): void {
  const service = context.getAbstractSyntaxUid()
  if (service !== verification && !storagePattern.test(service)) {
    context.setResult(PresentationContextResult.RejectAbstractSyntaxNotSupported)
    return
  }
  const offered = context.getTransferSyntaxUids()
  const chosen =
    offered.find((uid) => uid === TransferSyntax.ExplicitVRLittleEndian) ??
    offered.find((uid) => transferSyntaxes.has(uid))
  if (chosen === undefined) context.setResult(PresentationContextResult.RejectTransferSyntaxesNotSupported)
  else context.setResult(PresentationContextResult.Accept, chosen)
}
