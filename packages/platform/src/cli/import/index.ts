// The door to imports: files in, acknowledged records out, with progress, resumable after any interruption.
import { Agent } from 'undici'
import { type Journal, openJournal } from './journal.ts'
import { listSources, type ReadMeter, readUnits, type SourceFile } from './read.ts'
import { type Sent, sendUnit, type Target } from './send.ts'
import type { Unit } from './units.ts'

/** How to import. */
export interface ImportOptions {
  readonly path: string
  readonly target: Target
  /** Folder of the journals that make imports resumable. */
  readonly journalFolder: string
  /** Units in flight at a time; default 4. */
  readonly concurrency?: number
  readonly onProgress?: (progress: ImportProgress) => void
  /** Called when the server has acknowledged a unit. */
  readonly onAcknowledged?: (unit: Unit) => void
}

/** Counts while an import runs. */
export interface ImportProgress {
  readonly files: number
  readonly filesDone: number
  /** Size of all files. */
  readonly bytes: number
  /** How much of that is read, rounded. */
  readonly bytesDone: number
  /** Resources acknowledged in this run. */
  readonly resources: number
  /** Units that an earlier run had already brought in. */
  readonly skippedUnits: number
  readonly refused: number
  readonly elapsedMs: number
}

/** What an import did. */
export interface ImportResult extends ImportProgress {
  /** The first 100 refusals, each with its file. */
  readonly refusals: readonly string[]
}

interface Tally {
  filesDone: number
  resources: number
  skippedUnits: number
  refused: number
  readonly refusals: string[]
}

class Import {
  readonly #options: ImportOptions
  readonly #startedAt = performance.now()
  readonly #tally: Tally = { filesDone: 0, resources: 0, skippedUnits: 0, refused: 0, refusals: [] }
  readonly #journals: Journal[] = []
  readonly #open = new Map<SourceFile, ReadMeter>()
  #files = 0
  #bytes = 0
  #bytesDone = 0

  constructor(options: ImportOptions) {
    this.#options = options
  }

  async run(): Promise<ImportResult> {
    const sources = await listSources(this.#options.path)
    this.#files = sources.length
    this.#bytes = sources.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
    const waiting = [...sources]
    const lanes = Math.min(this.#options.concurrency ?? 4, Math.max(1, sources.length))
    // Several files run side by side; a single file runs several of its units side by side.
    const perFile = Math.max(1, Math.floor((this.#options.concurrency ?? 4) / lanes))
    const lane = async (): Promise<void> => {
      for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) await this.#importFile(file, perFile)
    }
    await Promise.all(Array.from({ length: lanes }, lane))
    // Only now: an import that is interrupted must find what its finished files had done.
    if (this.#tally.refused === 0) await Promise.all(this.#journals.map((journal) => journal.forget()))
    return { ...this.#progress(), refusals: this.#tally.refusals }
  }

  #progress(): ImportProgress {
    const { refusals: _, ...counts } = this.#tally
    const underway = [...this.#open].reduce((sum, [{ sizeBytes }, { share }]) => sum + sizeBytes * share, 0)
    const bytesDone = Math.round(this.#bytesDone + underway)
    const elapsedMs = performance.now() - this.#startedAt
    return { ...counts, files: this.#files, bytes: this.#bytes, bytesDone, elapsedMs }
  }

  async #importFile(file: SourceFile, concurrency: number): Promise<void> {
    const { target, journalFolder } = this.#options
    const journal = await openJournal(journalFolder, file, target.fhirUrl)
    const running = new Set<Promise<void>>()
    const meter: ReadMeter = { share: 0 }
    this.#open.set(file, meter)
    let number = 0
    try {
      for await (const unit of readUnits(file, meter)) {
        const index = number
        number += 1
        if (journal.isDone(index)) {
          this.#tally.skippedUnits += 1
          continue
        }
        const task: Promise<void> = this.#send(file, unit).then(async (sent) => {
          if (sent.refusals.length === 0) await journal.markDone(index)
          running.delete(task)
        })
        // The loop below awaits the task; until then its failure must not count as unhandled.
        task.catch(() => undefined)
        running.add(task)
        if (running.size >= concurrency) await Promise.race(running)
      }
      await Promise.all(running)
    } catch (error) {
      await Promise.allSettled(running)
      await journal.close()
      throw error
    }
    await journal.close()
    this.#journals.push(journal)
    this.#tally.filesDone += 1
    this.#open.delete(file)
    this.#bytesDone += file.sizeBytes
    this.#options.onProgress?.(this.#progress())
  }

  async #send(file: SourceFile, unit: Unit): Promise<Sent> {
    const sent = await sendUnit(unit, this.#options.target)
    this.#tally.resources += sent.accepted
    this.#tally.refused += sent.refusals.length
    const room = 100 - this.#tally.refusals.length
    this.#tally.refusals.push(...sent.refusals.slice(0, Math.max(0, room)).map((each) => `${file.name}: ${each}`))
    if (sent.refusals.length === 0) this.#options.onAcknowledged?.(unit)
    this.#options.onProgress?.(this.#progress())
    return sent
  }
}

/** Imports a file or a folder; run it again after an interruption and it goes on where it was. */
export async function importRecords(options: ImportOptions): Promise<ImportResult> {
  const dispatcher =
    options.target.dispatcher ?? new Agent({ connections: options.concurrency ?? 4, keepAliveTimeout: 30_000 })
  try {
    return await new Import({ ...options, target: { ...options.target, dispatcher } }).run()
  } finally {
    if (options.target.dispatcher === undefined) await dispatcher.close()
  }
}
