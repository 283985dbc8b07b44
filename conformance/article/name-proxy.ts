// A forward proxy that knows the article's host names: programs run as printed find `kong-gateway:8000` or
// `federated-server:8080` on whatever port the system under test has, without a change of their text or of this machine.
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'

/** Host and port of the article → port on this machine. */
export type Names = Readonly<Record<string, number>>

/** A running proxy. */
export interface NameProxy {
  /** For `http_proxy`, `grpc_proxy`. */
  readonly url: string
  close(): Promise<void>
}

const loopback = '127.0.0.1'

function forward(names: Names, asked: IncomingMessage, answer: ServerResponse): void {
  const target = URL.canParse(asked.url ?? '') ? new URL(asked.url ?? '') : undefined
  const port = target === undefined ? undefined : names[target.host]
  if (target === undefined || port === undefined) {
    answer.writeHead(502).end(`no name for ${asked.url}`)
    return
  }
  const { 'proxy-connection': _hop, ...headers } = asked.headers
  const path = `${target.pathname}${target.search}`
  const onward = request({ host: loopback, port, method: asked.method, path, headers }, (got) => {
    answer.writeHead(got.statusCode ?? 502, got.headers)
    got.pipe(answer)
  })
  onward.on('error', () => answer.writeHead(502).end())
  asked.pipe(onward)
}

function tunnel(names: Names, asked: IncomingMessage, client: Socket): void {
  const port = names[asked.url ?? '']
  if (port === undefined) {
    client.end('HTTP/1.1 502 Bad Gateway\r\n\r\n')
    return
  }
  const server = connect(port, loopback, () => {
    client.write('HTTP/1.1 200 Connection established\r\n\r\n')
    client.pipe(server).pipe(client)
  })
  server.on('error', () => client.destroy())
  client.on('error', () => server.destroy())
}

/** Starts the proxy on a free port. */
export async function startNameProxy(names: Names): Promise<NameProxy> {
  const open = new Set<Socket>()
  const server = createServer((asked, answer) => forward(names, asked, answer))
  server.on('connect', (asked, client: Socket) => tunnel(names, asked, client))
  server.on('connection', (socket) => {
    open.add(socket)
    socket.on('close', () => open.delete(socket))
  })
  await new Promise<void>((resolve) => server.listen(0, loopback, resolve))
  return {
    url: `http://${loopback}:${(server.address() as AddressInfo).port}`,
    async close() {
      for (const socket of open) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
