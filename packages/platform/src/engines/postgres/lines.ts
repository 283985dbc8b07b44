// The lines to the server, watched: what comes in over any of them says that it is there, and each can be cut.
import { Socket } from 'node:net'
import pg from 'pg'

/** The lines of a pool; times are those that {@link Lines.look} was told. */
export interface Lines {
  /** The class of clients whose lines are watched. */
  readonly Client: typeof pg.Client
  /** Looks at every line; true when something has come in over any of them since the last look. */
  look(atMs: number): boolean
  /** When something went over the line of a client last, either way. */
  movedMs(client: pg.Client): number
  /** Cuts the line of a client: what waits there fails as a lost connection does. */
  cut(client: pg.Client): void
  /** Cuts every line, also those that are being opened, but for those of the spared clients. */
  cutAll(spared: ReadonlySet<pg.Client>): void
}

interface Line {
  readonly socket: Socket
  inBytes: number
  outBytes: number
  movedMs: number
}

/** Creates lines; none is open yet. */
export function createLines(): Lines {
  const open = new Map<pg.Client, Line>()
  const state = { lookedMs: 0 }

  class WatchedClient extends pg.Client {
    constructor(config?: string | pg.ClientConfig) {
      const socket = new Socket()
      super({ ...(typeof config === 'string' ? { connectionString: config } : config), stream: () => socket })
      open.set(this, { socket, inBytes: 0, outBytes: 0, movedMs: state.lookedMs })
      socket.once('close', () => open.delete(this))
    }
  }

  return {
    Client: WatchedClient,
    look(atMs) {
      state.lookedMs = atMs
      let hasHeard = false
      for (const line of open.values()) {
        const { bytesRead, bytesWritten } = line.socket
        if (bytesRead !== line.inBytes) hasHeard = true
        if (bytesRead !== line.inBytes || bytesWritten !== line.outBytes) line.movedMs = atMs
        line.inBytes = bytesRead
        line.outBytes = bytesWritten
      }
      return hasHeard
    },
    movedMs: (client) => open.get(client)?.movedMs ?? state.lookedMs,
    cut: (client) => void open.get(client)?.socket.destroy(),
    cutAll(spared) {
      for (const [client, { socket }] of open) if (!spared.has(client)) socket.destroy()
    },
  }
}
