// The door to imports: files in, acknowledged records out, with progress, resumable after any interruption.
import { Agent } from 'undici'
import { type Journal, openJournal } from './journal.ts'
import type { ImportProgress } from './progress.ts'
import { listSources, readUnits, type SourceFile } from './read.ts'
import { type Sent, sendUnit, type Target } from './send.ts'
import { type Unit, without } from './units.ts'

export type { ImportProgress } from './progress.ts'

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

/** What an import did. */
export interface ImportResult extends ImportProgress {
  /** The first 100 refusals, each with its file. */
  readonly refusals: readonly string[]
}

interface Tally {
  filesDone: number
  bytesSkipped: number
  resources: number
  skipped: number
  refused: number
  readonly refusals: string[]
}

class Import {
  readonly #options: ImportOptions
  readonly #startedAt = performance.now()
  readonly #tally: Tally = { filesDone: 0, bytesSkipped: 0, resources: 0, skipped: 0, refused: 0, refusals: [] }
  readonly #journals: Journal[] = []
  /** How much of each file under way is done, 0 to 1. */
  readonly #open = new Map<SourceFile, number>()
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
    this.#tell()
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
    const { refusals: _, bytesSkipped, ...counts } = this.#tally
    const underway = [...this.#open].reduce((sum, [{ sizeBytes }, share]) => sum + sizeBytes * share, 0)
    const bytesDone = Math.round(this.#bytesDone + underway)
    const elapsedMs = performance.now() - this.#startedAt
    return { ...counts, files: this.#files, bytes: this.#bytes, bytesDone, bytesSkipped, elapsedMs }
  }

  #tell(): void {
    this.#options.onProgress?.(this.#progress())
  }

  #pass(file: SourceFile, share: number): void {
    this.#open.set(file, (this.#open.get(file) ?? 0) + share)
    this.#tell()
  }

  // A refusal that names its line already needs no name of the file before it.
  #refuse({ name }: SourceFile, refusals: readonly string[]): void {
    this.#tally.refused += refusals.length
    const told = refusals.slice(0, Math.max(0, 100 - this.#tally.refusals.length))
    this.#tally.refusals.push(...told.map((each) => (each.startsWith(`${name}:`) ? each : `${name}: ${each}`)))
  }

  async #importFile(file: SourceFile, concurrency: number): Promise<void> {
    const { target, journalFolder } = this.#options
    const journal = await openJournal(journalFolder, file.path, target.fhirUrl)
    const running = new Set<Promise<void>>()
    this.#open.set(file, 0)
    try {
      for await (const piece of readUnits(file)) {
        if ('refusal' in piece) {
          this.#refuse(file, [piece.refusal])
          this.#pass(file, piece.share)
          continue
        }
        const task: Promise<void> = this.#importUnit(file, piece.unit, journal).then((isSkipped) => {
          if (isSkipped) this.#tally.bytesSkipped += file.sizeBytes * piece.share
          this.#pass(file, piece.share)
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
    await journal.finish()
    this.#journals.push(journal)
    this.#tally.filesDone += 1
    this.#open.delete(file)
    this.#bytesDone += file.sizeBytes
    this.#tell()
  }

  // Says whether all of it was in already.
  async #importUnit(file: SourceFile, unit: Unit, journal: Journal): Promise<boolean> {
    if (journal.take(unit.key)) {
      journal.keep(unit.key)
      this.#tally.skipped += unit.resources
      return true
    }
    const taken: string[] = []
    const rest = without(unit, (key) => journal.take(key) && taken.push(key) > 0)
    this.#tally.skipped += taken.length
    const sent = rest === undefined ? { accepted: 0, refusals: [] } : await this.#send(file, rest)
    if (sent.refusals.length === 0) {
      await journal.markDone(unit.key)
      return rest === undefined
    }
    for (const key of taken) journal.keep(key)
    for (const { key } of rest?.parts.filter((_part, at) => sent.refusedAt?.includes(at) === false) ?? [])
      await journal.markDone(key)
    return false
  }

  async #send(file: SourceFile, unit: Unit): Promise<Sent> {
    const sent = await sendUnit(unit, this.#options.target)
    this.#tally.resources += sent.accepted
    this.#refuse(file, sent.refusals)
    if (sent.refusals.length === 0) this.#options.onAcknowledged?.(unit)
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
