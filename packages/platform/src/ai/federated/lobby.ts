// Where joined clients wait: who they are is found out here, then they go to their federation when it runs.
import type { Logger } from '../../kernel/ports.ts'
import type { Sql } from '../../kernel/sql.ts'
import type { Scalars } from './flower/messages.ts'
import type { SiteStream } from './flower/site-stream.ts'
import type { Roster } from './roster.ts'
import { hashOfToken } from './site-token.ts'
import { findByToken } from './store.ts'

/** What the lobby goes by. */
export interface LobbyOptions {
  readonly sql: Sql
  readonly log: Logger
  /** Lets clients in that show no token. */
  readonly isOpen: boolean
}

/** A federation that takes sites. */
export interface Destination {
  readonly federation: string
  readonly takesStrangers: boolean
  readonly roster: Roster
}

/** The lobby. */
export interface Lobby {
  /** Finds out who has joined, and sends it where it belongs; never rejects. */
  admit(stream: SiteStream): Promise<void>
  /** A federation begins to run here: those who wait for it go to it. */
  open(destination: Destination): void
  /** It has ended: nobody goes there any more. */
  close(federation: string): void
  /** How many wait. */
  waiting(): number
}

interface Guest {
  readonly stream: SiteStream
  /** Known by its token: its federation and name; a stranger may bring a name of its own. */
  readonly known: { readonly federation: string; readonly name: string } | undefined
  readonly name: string | undefined
}

// gRPC's codes.
const unauthenticated = 16
const unavailable = 14
// A process that takes over after a crash needs a lease's time; later than that, the federation runs somewhere else.
const seatLimitMs = 30_000
const identifyLimitMs = 30_000
const plainName = /^[\p{L}\p{N}][\p{L}\p{N} ._-]{0,63}$/u

function text(properties: Scalars, name: string): string | undefined {
  const value = properties[name]
  return typeof value === 'string' && value !== '' ? value : undefined
}

// Plain Flower clients know no token, but may answer get_properties: the lowest common way to say who one is.
async function propertiesOf(stream: SiteStream): Promise<Scalars> {
  const { answer } = await stream.ask({ kind: 'properties', config: {} }, AbortSignal.timeout(identifyLimitMs))
  return answer.status.code === 0 ? answer.properties : {}
}

function freeName(roster: Roster): string {
  const taken = new Set(roster.sites().map(({ name }) => name))
  for (let number = 1; ; number++) if (!taken.has(`site-${number}`)) return `site-${number}`
}

function goTo(destination: Destination, { stream, known, name }: Guest): void {
  const own = known?.name ?? name
  destination.roster.add({
    name: own ?? freeName(destination.roster),
    isRecognisable: own !== undefined,
    stream,
  })
}

/** Creates the lobby. */
export function createLobby({ sql, log, isOpen }: LobbyOptions): Lobby {
  const destinations = new Map<string, Destination>()
  const guests = new Set<Guest>()
  const placeFor = ({ known }: Guest): Destination | undefined => {
    if (known !== undefined) return destinations.get(known.federation)
    return [...destinations.values()]
      .filter(({ takesStrangers }) => takesStrangers)
      .toSorted((a, b) => a.roster.sites().length - b.roster.sites().length)[0]
  }
  const seat = (guest: Guest, isRunning: boolean): void => {
    if (!guest.stream.isOpen) return
    const destination = placeFor(guest)
    if (destination !== undefined) {
      goTo(destination, guest)
      return
    }
    guests.add(guest)
    guest.stream.gone.addEventListener('abort', () => guests.delete(guest), { once: true })
    if (!isRunning) return
    setTimeout(() => {
      if (guests.delete(guest)) guest.stream.refuse(unavailable, 'The federation runs in another process; join again')
    }, seatLimitMs).unref()
  }
  const identify = async (stream: SiteStream): Promise<void> => {
    const properties: Scalars = stream.token === undefined ? await propertiesOf(stream) : {}
    const token = stream.token ?? text(properties, 'site_token')
    if (token === undefined) {
      if (!isOpen) return stream.refuse(unauthenticated, 'A site token is wanted: metadata authorization: Bearer …')
      const name = text(properties, 'site_name')
      return seat({ stream, known: undefined, name: plainName.test(name ?? '') ? name : undefined }, false)
    }
    const found = await findByToken(sql, hashOfToken(token))
    if (found === undefined) return stream.refuse(unauthenticated, 'This site token is not known')
    if (found.state !== 'created' && found.state !== 'running') return stream.dismiss()
    const known = { federation: found.federation, name: found.name }
    seat({ stream, known, name: undefined }, found.state === 'running')
  }
  return {
    async admit(stream) {
      try {
        await identify(stream)
      } catch (error) {
        log.info('federated.join.failed', { peer: stream.peer, error })
        stream.refuse(unauthenticated, 'The site did not say who it is')
      }
    },
    open(destination) {
      destinations.set(destination.federation, destination)
      for (const guest of [...guests]) {
        if (placeFor(guest) !== destination) continue
        guests.delete(guest)
        if (guest.stream.isOpen) goTo(destination, guest)
      }
    },
    close(federation) {
      destinations.delete(federation)
      for (const guest of [...guests]) {
        if (guest.known?.federation !== federation) continue
        guests.delete(guest)
        guest.stream.dismiss()
      }
    },
    waiting: () => guests.size,
  }
}
