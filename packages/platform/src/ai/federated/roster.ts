// The sites that are connected to one federation, in this process.
import type { SiteStream } from './flower/site-stream.ts'

/** A connected site. */
export interface ConnectedSite {
  readonly name: string
  /** True when it is known again after a reconnect: by its token, or a name of its own. */
  readonly isRecognisable: boolean
  readonly stream: SiteStream
}

/** The connected sites of a federation. */
export interface Roster {
  /** By name. */
  sites(): readonly ConnectedSite[]
  /** Adds a site; one of the same name is replaced and told so. */
  add(site: ConnectedSite): void
  /** Resolves at the next coming or going; rejects with the reason of `signal`. */
  change(signal: AbortSignal): Promise<void>
  /** Says goodbye to all. */
  dismissAll(): void
  /** Cuts all off, so that they join again where the federation runs now. */
  sendBack(): void
}

/** What a roster tells. */
export interface RosterEvents {
  readonly onCome: (site: ConnectedSite) => void
  readonly onGo: (site: ConnectedSite) => void
}

// gRPC's codes.
const alreadyExists = 6
const unavailable = 14

/** Creates an empty roster. */
export function createRoster({ onCome, onGo }: RosterEvents): Roster {
  const present = new Map<string, ConnectedSite>()
  const waiting = new Set<() => void>()
  const wake = (): void => {
    for (const resolve of waiting) resolve()
    waiting.clear()
  }
  return {
    sites: () =>
      [...present.values()].filter(({ stream }) => stream.isOpen).toSorted((a, b) => a.name.localeCompare(b.name)),
    add(site) {
      const { name, stream } = site
      const before = present.get(name)
      present.set(name, site)
      before?.stream.refuse(alreadyExists, `Another client has joined as ${name}`)
      stream.gone.addEventListener(
        'abort',
        () => {
          if (present.get(name) !== site) return // it was replaced
          present.delete(name)
          onGo(site)
          wake()
        },
        { once: true },
      )
      onCome(site)
      wake()
    },
    change: (signal) =>
      new Promise((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason)
        const stop = (): void => {
          waiting.delete(done)
          reject(signal.reason)
        }
        const done = (): void => {
          signal.removeEventListener('abort', stop)
          resolve()
        }
        signal.addEventListener('abort', stop, { once: true })
        waiting.add(done)
      }),
    dismissAll() {
      for (const { stream } of present.values()) stream.dismiss()
    },
    sendBack() {
      for (const { stream } of [...present.values()]) {
        stream.refuse(unavailable, 'The federation goes on in another process; join again')
      }
    },
  }
}
