// Connections of HTTP/2 to upstreams, one for each address, opened when they are needed.
import { type ClientHttp2Session, connect } from 'node:http2'

/** The open connections. */
export interface GrpcSessions {
  /** Resolves when the connection is there. @throws the connection's error */
  to(origin: string): Promise<ClientHttp2Session>
  closeAll(): void
}

const connectMs = 3000
const idleMs = 300_000

function opened(origin: string): Promise<ClientHttp2Session> {
  return new Promise((resolve, reject) => {
    const session = connect(origin, { maxHeaderListPairs: 200 })
    const late = setTimeout(() => {
      session.destroy(Object.assign(new Error('late'), { code: 'UND_ERR_CONNECT_TIMEOUT' }))
    }, connectMs)
    session.once('connect', () => {
      clearTimeout(late)
      session.setTimeout(idleMs, () => session.close())
      resolve(session)
    })
    session.on('error', (error) => {
      clearTimeout(late)
      reject(error)
    })
  })
}

/** Creates connections; none is open. */
export function createGrpcSessions(): GrpcSessions {
  const sessions = new Map<string, Promise<ClientHttp2Session>>()
  return {
    async to(origin) {
      const known = sessions.get(origin)
      const session = known === undefined ? undefined : await known.catch(() => undefined)
      if (session !== undefined && !session.closed && !session.destroyed) return session
      const opening = opened(origin)
      sessions.set(origin, opening)
      return opening
    },
    closeAll() {
      for (const opening of sessions.values()) void opening.then((session) => session.destroy()).catch(() => undefined)
      sessions.clear()
    },
  }
}
