// The least that Node can do between clients and a service on keep-alive connections: relay bytes as they come, or take requests
// by node:http and ask over bare sockets. What our gateway costs beyond that is ours. Started by bench/gateway.ts.
// Usage: node bench/gateway-floor.ts relay|http <port> <port of the service>
import { createServer as createHttp, type ServerResponse } from 'node:http'
import { connect, createServer as createTcp, type Socket } from 'node:net'

const [kind, port, upstreamPort] = process.argv.slice(2)
const idle: Upstream[] = []
const headEnd = '\r\n\r\n'

interface Upstream {
  readonly socket: Socket
  /** Told the bytes of the answer, which comes in one piece here. */
  take: (bytes: Buffer) => void
}

function upstream(): Upstream {
  const known = idle.pop()
  if (known !== undefined) return known
  const socket = connect(Number(upstreamPort), '127.0.0.1').setNoDelay(true)
  const made: Upstream = { socket, take: () => undefined }
  socket.on('data', (bytes) => {
    idle.push(made)
    made.take(bytes)
  })
  return made
}

function relay(): void {
  const server = createTcp({ noDelay: true }, (client) => {
    client.on('error', () => undefined)
    client.on('data', (bytes) => {
      const one = upstream()
      one.take = (answer) => client.write(answer)
      one.socket.write(bytes)
    })
  })
  server.listen(Number(port), '127.0.0.1')
}

function answer(response: ServerResponse, bytes: Buffer): void {
  const body = bytes.toString('latin1', bytes.indexOf(headEnd) + headEnd.length)
  response.writeHead(200, ['content-type', 'text/plain', 'content-length', String(body.length)]).end(body, 'latin1')
}

function http(): void {
  const server = createHttp((request, response) => {
    const one = upstream()
    one.take = (bytes) => answer(response, bytes)
    one.socket.write(`GET ${request.url} HTTP/1.1\r\nhost: service${headEnd}`, 'latin1')
  })
  server.listen(Number(port), '127.0.0.1')
}

if (kind === 'relay') relay()
else http()
