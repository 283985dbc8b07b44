// Connections of HTTP/2 to upstreams, one for each address, opened when they are needed.
import { type ClientHttp2Session, connect } from 'node:http2'
import type { SocketRules } from '../../../kernel/guarded-address.ts'

/** The open connections. */
export interface GrpcSessions {
  /** Resolves when the connection is there. @throws the connection's error */
  to(origin: string): Promise<ClientHttp2Session>
  closeAll(): void
}

const connectMs = 3000
const idleMs = 300_000

function opened(origin: string, { lookup, refusalOf }: SocketRules): Promise<ClientHttp2Session> {
  return new Promise((resolve, reject) => {
    const refusal = refusalOf(URL.parse(origin)?.hostname ?? '')
    if (refusal !== undefined) return reject(refusal)
    const session = connect(origin, { maxHeaderListPairs: 200, ...(lookup === undefined ? {} : { lookup }) })
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
export function createGrpcSessions(rules: SocketRules): GrpcSessions {
  const sessions = new Map<string, Promise<ClientHttp2Session>>()
  const forget = (origin: string, opening: Promise<ClientHttp2Session>): void => {
    if (sessions.get(origin) === opening) sessions.delete(origin)
  }
  const begin = (origin: string): Promise<ClientHttp2Session> => {
    const opening = opened(origin, rules)
    sessions.set(origin, opening)
    const over = (): void => forget(origin, opening)
    opening.then((session) => session.once('close', over), over)
    return opening
  }
  const to = async (origin: string): Promise<ClientHttp2Session> => {
    const known = sessions.get(origin)
    if (known === undefined) return begin(origin)
    const session = await known
    if (!session.closed && !session.destroyed) return session
    forget(origin, known) // it takes no more calls; those that it still carries may end
    return to(origin)
  }
  return {
    to,
    closeAll() {
      for (const opening of sessions.values()) void opening.then((session) => session.destroy()).catch(() => undefined)
      sessions.clear()
    },
  }
}
