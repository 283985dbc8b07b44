// Watches whether the server still answers: behind a line that is cut without a word, every statement would wait for its full time.
import type pg from 'pg'
import type { Logger } from '../../kernel/ports.ts'
import type { Lines } from './lines.ts'

/** What watching takes. */
export interface VigilOptions {
  readonly connection: pg.ClientConfig
  readonly lines: Lines
  readonly log: Logger
  readonly times?: Partial<VigilTimes>
}

/** Work that waits for a connection, or uses one. */
export interface Use {
  client: pg.PoolClient | undefined
  /** Told when waiting for a connection has become useless. */
  giveUp: ((reason: Error) => void) | undefined
  readonly sinceMs: number
  /** When the server ends it by itself at the latest. */
  readonly allowedMs: number
}

/** When silence is believed. A request that may be repeated is given 5 s by the gateway: it must be refused before. */
export interface VigilTimes {
  readonly lookEveryMs: number
  /** When work waits and nothing has come in for so long, the server is asked on a line of its own. */
  readonly suspiciousMs: number
  /** When then nothing at all comes in for so long, the server is silent. */
  readonly answerMs: number
  /** Work that is older than this is no request but an import or a migration … */
  readonly longMs: number
  /** … and is cut off only after so much silence, since a server that has too much to do may still be at it. */
  readonly sparedMs: number
  /** How much later than the server must have ended its work a line that says nothing is dead. */
  readonly graceMs: number
}

const usualTimes: VigilTimes = {
  lookEveryMs: 250,
  suspiciousMs: 1250,
  answerMs: 2000,
  longMs: 10_000,
  sparedMs: 12_000,
  graceMs: 5000,
}

interface Question {
  readonly client: pg.Client
  readonly askedMs: number
}

const silence = (): Error => new Error('The server gives no answer')
// What this machine or the network says by itself; all other errors come from the server or its machine: it is there.
const unheard: ReadonlySet<unknown> = new Set(['ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'EHOSTDOWN', 'EAI_AGAIN'])
const isHeard = (error: unknown): boolean => !unheard.has((error as { readonly code?: unknown }).code)

/**
 * A watch over the connections of a pool. Its clock stands still while this process is kept from running, and while
 * nothing is in use: a process that could not listen must not blame the server.
 */
export class Vigil {
  readonly #options: VigilOptions
  readonly #times: VigilTimes
  readonly #uses = new Set<Use>()
  #timer: NodeJS.Timeout | undefined
  #lookedMs = 0
  #clockMs = 0
  #heardMs = 0
  #silentSinceMs: number | undefined
  #question: Question | undefined

  constructor(options: VigilOptions) {
    this.#options = options
    this.#times = { ...usualTimes, ...options.times }
  }

  /** True while the server gives no answer to anybody; statements are then refused at once. */
  get isSilent(): boolean {
    return this.#silentSinceMs !== undefined
  }

  /** Work begins; when nothing goes over its line though the server must have ended it, the line is dead. */
  begin(allowedMs: number): Use {
    if (this.#timer === undefined) this.#start()
    const use: Use = { client: undefined, giveUp: undefined, sinceMs: this.#clockMs, allowedMs }
    this.#uses.add(use)
    return use
  }

  /** Work has ended. */
  end(use: Use): void {
    this.#uses.delete(use)
  }

  close(): void {
    clearInterval(this.#timer)
    this.#letGo()
  }

  #start(): void {
    this.#lookedMs = performance.now()
    this.#heardMs = this.#clockMs
    this.#timer = setInterval(() => this.#look(), this.#times.lookEveryMs)
    this.#timer.unref()
  }

  #look(): void {
    const { lookEveryMs, suspiciousMs, answerMs } = this.#times
    const passedMs = performance.now() - this.#lookedMs
    this.#lookedMs += passedMs
    this.#clockMs += Math.min(passedMs, 2 * lookEveryMs)
    if (this.#options.lines.look(this.#clockMs)) this.#hear()
    this.#cutDead()
    if (this.#uses.size === 0 && !this.isSilent) {
      this.#rest()
      return
    }
    const oldestMs = Math.min(...[...this.#uses].map(({ sinceMs }) => sinceMs))
    const isSuspicious = this.#clockMs - Math.max(oldestMs, this.#heardMs) > suspiciousMs
    if (this.#question === undefined) {
      if (isSuspicious || this.isSilent) this.#ask()
      return
    }
    // What came in while this process was kept from running is not read yet.
    const isAwake = passedMs <= 2 * lookEveryMs
    if (isAwake && this.#clockMs - this.#question.askedMs > answerMs) this.#believe()
  }

  #rest(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
    this.#letGo()
  }

  #hear(): void {
    this.#heardMs = this.#clockMs
    this.#letGo()
    if (!this.isSilent) return
    this.#options.log.warn('sql.answers-again', { ms: Math.round(this.#clockMs - (this.#silentSinceMs ?? 0)) })
    this.#silentSinceMs = undefined
  }

  #ask(): void {
    const { connection, lines } = this.#options
    const client = new lines.Client({ ...connection, application_name: 'xinglin-vigil' })
    client.on('error', () => undefined) // told by connect as well
    const question = { client, askedMs: this.#clockMs }
    this.#question = question
    const told = (isThere: boolean): void => {
      if (isThere && this.#question === question) this.#hear()
    }
    client.connect().then(
      () => told(true),
      (error: unknown) => told(isHeard(error)),
    )
  }

  #letGo(): void {
    const asked = this.#question?.client
    this.#question = undefined
    if (asked !== undefined) this.#options.lines.cut(asked)
  }

  // Nothing has come in since the question, over any line.
  #believe(): void {
    const { lines, log } = this.#options
    const { longMs, sparedMs } = this.#times
    if (!this.isSilent) log.error('sql.silent', { connections: this.#uses.size })
    this.#silentSinceMs ??= this.#heardMs
    this.#question = undefined
    const isSparing = this.#clockMs - this.#silentSinceMs < sparedMs
    const spared = [...this.#uses].filter(({ sinceMs }) => isSparing && this.#clockMs - sinceMs > longMs)
    lines.cutAll(new Set(spared.flatMap(({ client }) => client ?? [])))
    for (const use of this.#uses) {
      const { giveUp } = use
      use.giveUp = undefined
      giveUp?.(silence())
    }
  }

  #cutDead(): void {
    const { lines, log } = this.#options
    for (const { client, allowedMs } of this.#uses) {
      const deadMs = allowedMs + this.#times.graceMs
      if (client === undefined || this.#clockMs - lines.movedMs(client) <= deadMs) continue
      log.warn('sql.connection.dead', { ms: deadMs })
      lines.cut(client)
    }
  }
}
