// A service on raw TCP that checks every byte it is sent, and answers by chance: well, cut off, twice, or not at all.
import { type AddressInfo, createServer, type Socket } from 'node:net'

/** A service under way, and what it has seen. */
export interface HostileService {
  readonly port: number
  /** What no sound proxy would have sent; empty when all is well. */
  readonly faults: readonly string[]
  /** Connections that are open now. */
  openCount(): number
  close(): Promise<void>
}

/** How a request is answered; the sound ones come first. */
export type AnswerMode = (typeof soundModes)[number] | (typeof faultyModes)[number]

/** Answers that a client is owed whole. */
export const soundModes = ['length', 'chunked', 'closing', 'informed', 'dribbled', 'empty', 'large'] as const
const faultyModes = ['cut', 'silent', 'reset', 'flipped', 'more', 'early', 'half-silent', 'nothing', 'busy'] as const
const modes: readonly AnswerMode[] = [...soundModes, ...soundModes, ...faultyModes]

/** Numbers from 0 up to 1 that follow from the seed (xorshift32). */
export function seededRandom(seed: number): () => number {
  let state = seed || 1
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 2 ** 32
  }
}

/** The body of a request; a part of it that is taken for a request shows. */
export const bodyOf = (tag: string, size: number): string =>
  `${tag}\r\n0\r\n\r\nGET /evil HTTP/1.1\r\n\r\n`.repeat(Math.ceil(size / 30)).slice(0, size)

/** The body of a sound answer. */
export const answerBody = (tag: string, mode: AnswerMode): string =>
  mode === 'empty' ? '' : `answer ${tag} ${'.'.repeat(mode === 'large' ? 200_000 : 40)} ${tag}`

const chunk = (text: string): string => `${text.length.toString(16)}\r\n${text}\r\n`

function soundAnswer(tag: string, mode: AnswerMode): string {
  const body = answerBody(tag, mode)
  const head = `HTTP/1.1 200 OK\r\nX-Tag: ${tag}\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n`
  if (mode === 'empty') return `HTTP/1.1 204 No Content\r\nX-Tag: ${tag}\r\n\r\n`
  if (mode === 'closing') return `${head}\r\n${body}`
  if (mode === 'chunked' || mode === 'dribbled') {
    return `${head}Transfer-Encoding: chunked\r\n\r\n${[...body].map(chunk).join('')}0\r\nTrailer: x\r\n\r\n`
  }
  const before = mode === 'informed' ? 'HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n' : ''
  return `${before}${head}Content-Length: ${body.length}\r\n\r\n${body}`
}

const anyOf = <One>(list: readonly One[], random: () => number): One => list[Math.floor(random() * list.length)] as One // none of the lists is empty

interface Asked {
  readonly method: string
  readonly tag: string
  readonly mode: AnswerMode
}

function answer(socket: Socket, { method, tag, mode }: Asked, random: () => number): void {
  const whole = soundAnswer(tag, mode)
  const text = method === 'HEAD' ? whole.slice(0, whole.lastIndexOf('\r\n\r\n', whole.length - 5) + 4) : whole
  const at = Math.floor(random() * text.length)
  switch (mode) {
    case 'cut':
      return void socket.end(text.slice(0, at), 'latin1')
    case 'half-silent':
      return void socket.write(text.slice(0, at), 'latin1')
    case 'silent':
      return
    case 'reset':
      return void socket.resetAndDestroy()
    case 'nothing':
      return void socket.end()
    case 'busy':
      return void socket.write(`HTTP/1.1 503 Busy\r\nX-Tag: ${tag}\r\nContent-Length: 4\r\n\r\nbusy`)
    case 'flipped':
      return void socket.end(
        `${text.slice(0, at)}${String.fromCharCode(random() * 256)}${text.slice(at + 1)}`,
        'latin1',
      )
    case 'more':
      return void socket.write(`${text}${soundAnswer('POISON', 'length')}`, 'latin1')
    case 'closing':
      return void socket.end(text, 'latin1')
    case 'dribbled':
      for (let from = 0; from < text.length; from += 97) socket.write(text.slice(from, from + 97), 'latin1')
      return
    default:
      return void socket.write(text, 'latin1')
  }
}

// A body that is whole by its framing, and what follows it; undefined while it is not.
function takeBody(head: string, rest: string): { readonly body: string; readonly rest: string } | undefined {
  const length = /\r\ncontent-length: (\d+)(?=\r\n|$)/i.exec(head)?.[1]
  if (!/\r\ntransfer-encoding: chunked/i.test(head)) {
    const size = Number(length ?? 0)
    return rest.length < size ? undefined : { body: rest.slice(0, size), rest: rest.slice(size) }
  }
  let [body, at] = ['', 0]
  for (;;) {
    const end = rest.indexOf('\r\n', at)
    if (end === -1) return undefined
    const size = Number.parseInt(rest.slice(at, end), 16)
    if (rest.length < end + 4 + size) return undefined
    body += rest.slice(end + 2, end + 2 + size)
    at = end + 4 + size
    if (size === 0) return { body, rest: rest.slice(at) }
  }
}

/** Starts one on a free port; `seen` is told how the last request of each tag is answered. */
export async function startHostileService(
  random: () => number,
  seen: Map<string, AnswerMode>,
): Promise<HostileService> {
  const faults: string[] = []
  const sockets = new Set<Socket>()
  const take = (socket: Socket, text: string): string => {
    const end = text.indexOf('\r\n\r\n')
    if (end === -1) return text
    const head = text.slice(0, end)
    const [, method = ''] = /^(GET|HEAD|POST|PUT) \/x HTTP\/1\.1\r\n/.exec(head) ?? []
    const tag = /\r\nx-request-id: (T\d+T)/.exec(head)?.[1] ?? ''
    if (method === '' || tag === '') faults.push(`no request: ${JSON.stringify(head.slice(0, 80))}`)
    if (/planted/.test(head)) faults.push(`${tag}: words of the edge from outside`)
    const isNew = !pending.has(socket)
    const mode = pending.get(socket) ?? anyOf(modes, random)
    pending.set(socket, mode)
    seen.set(tag, mode)
    if (mode === 'early' && isNew) answer(socket, { method, tag, mode: 'length' }, random)
    const taken = takeBody(head, text.slice(end + 4))
    if (taken === undefined) return text
    pending.delete(socket)
    const size = Number(/\r\nx-size: (\d+)/.exec(head)?.[1] ?? 0)
    if (taken.body !== bodyOf(tag, size)) faults.push(`${tag}: a body of ${taken.body.length} instead of ${size} bytes`)
    if (mode !== 'early') answer(socket, { method, tag, mode }, random)
    return taken.rest === '' ? '' : take(socket, taken.rest)
  }
  const pending = new Map<Socket, AnswerMode>()
  const server = createServer((socket) => {
    let text = ''
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => sockets.delete(socket))
    socket.on('data', (bytes) => {
      text = take(socket, text + bytes.toString('latin1'))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    faults,
    openCount: () => sockets.size,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  }
}
