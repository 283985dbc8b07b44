// The stage of the demo: where the system is, who speaks to it, and how what happens is told.
import { AppError } from '@xinglin/core/errors'

/** One thing shown, with what was seen. */
export interface Scene {
  readonly chapter: string
  readonly title: string
  readonly seen: string
  readonly ok: boolean
  readonly elapsedMs: number
}

/** An answer of the system. */
export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly body: Record<string, unknown>
}

/** How to ask. */
export interface Ask {
  readonly method?: string
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  readonly token?: string
}

/** Where the system listens. */
export interface Addresses {
  readonly gatewayUrl: string
  readonly adminUrl: string
}

/** The stage. */
export interface Stage {
  readonly addresses: Addresses
  readonly scenes: readonly Scene[]
  /** Asks the gateway (path) or any URL, with a token where one is given. */
  ask(pathOrUrl: string, ask?: Ask): Promise<Answer>
  /** A fresh token of a demo role. */
  token(role: string): Promise<string>
  /** Plays a scene: runs it, times it, tells what was seen; a scene that throws is told as failed and ends the demo. */
  scene(chapter: string, title: string, play: () => Promise<string>): Promise<void>
  /** A passing line of progress. */
  progress(line: string): void
}

/** Counts chapters in the order in which they are played. */
export function chapterCounter(): (title: string) => string {
  const titles: string[] = []
  return (title) => {
    if (!titles.includes(title)) titles.push(title)
    return `${titles.indexOf(title) + 1}. ${title}`
  }
}

interface StageOptions {
  readonly addresses: Addresses
  readonly token: (role: string) => Promise<string>
  readonly say: (line: string) => void
  readonly progress: (line: string) => void
  /** Gives a chapter its number. */
  readonly numbered: (chapter: string) => string
}

async function ask(url: string, { method = 'GET', body, headers = {}, token }: Ask): Promise<Answer> {
  const isForm = body instanceof URLSearchParams
  const answer = await fetch(url, {
    method,
    headers: {
      ...(body === undefined || isForm ? {} : { 'content-type': 'application/json' }),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: isForm ? body : JSON.stringify(body) }),
    signal: AbortSignal.timeout(60_000),
    redirect: 'manual',
  })
  const text = await answer.text()
  const isJson = (answer.headers.get('content-type') ?? '').includes('json') && text !== ''
  return {
    status: answer.status,
    headers: answer.headers,
    body: isJson ? (JSON.parse(text) as Record<string, unknown>) : { text },
  }
}

/** Builds the stage. */
export function createStage({ addresses, token, say, progress, numbered }: StageOptions): Stage {
  const scenes: Scene[] = []
  return {
    addresses,
    scenes,
    token,
    progress,
    ask: (pathOrUrl, options = {}) =>
      ask(pathOrUrl.startsWith('/') ? `${addresses.gatewayUrl}${pathOrUrl}` : pathOrUrl, options),
    async scene(chapterTitle, title, play) {
      const chapter = numbered(chapterTitle)
      if (scenes.at(-1)?.chapter !== chapter) say(`\n${chapter}`)
      const startedAt = performance.now()
      try {
        const seen = await play()
        const elapsedMs = performance.now() - startedAt
        scenes.push({ chapter, title, seen, ok: true, elapsedMs })
        say(`  ✔ ${title} → ${seen} (${Math.round(elapsedMs)} ms)`)
      } catch (error) {
        const seen = error instanceof Error ? error.message : String(error)
        scenes.push({ chapter, title, seen, ok: false, elapsedMs: performance.now() - startedAt })
        say(`  ✘ ${title} → ${seen}`)
        throw error
      }
    },
  }
}

/**
 * Checks that an answer has the status the scene is about.
 * @throws AppError with the answer's own words when it has another
 */
export function expectStatus(answer: Answer, ...statuses: readonly number[]): void {
  if (statuses.includes(answer.status)) return
  const words = JSON.stringify(answer.body).slice(0, 600)
  throw new AppError('internal', `expected ${statuses.join(' or ')}, got ${answer.status}: ${words}`)
}
