// nginx and haproxy beside our gateway: the same upstream, limit and trace header; haproxy also checks the token. Beside them the
// least that Node can do. Started on free ports.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { freePort } from '../packages/platform/src/kernel/free-port.ts'

/** A program that answers on a port. */
export interface Program {
  readonly name: string
  readonly url: string
  /** Its worker, whose CPU is measured. */
  readonly pid: number
  stop(): Promise<void>
}

const maxRate = 1_000_000

/** Says whether a program can be started here. */
export function isInstalled(program: string): boolean {
  try {
    execFileSync('which', [program], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

async function untilAnswering(url: string): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const answer = await fetch(url).catch(() => undefined)
    await answer?.text()
    if (answer !== undefined) return
    await delay(50)
  }
  throw new Error(`${url} does not answer`)
}

async function stop(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  await ended
}

async function start(name: string, command: readonly string[], port: number): Promise<Program> {
  const [program = '', ...words] = command
  const child = spawn(program, words, { stdio: ['ignore', 'ignore', 'inherit'] })
  process.once('exit', () => child.kill('SIGKILL')) // nothing stays behind a bench that was broken off
  const url = `http://127.0.0.1:${port}`
  await untilAnswering(`${url}/bench`)
  return { name, url, pid: child.pid ?? 0, stop: () => stop(child) }
}

const nginxHead = (folder: string): string => `daemon off; master_process off; pid ${folder}/pid; error_log stderr crit;
events { worker_connections 1024; }
http {
  access_log off; client_body_temp_path ${folder}; proxy_temp_path ${folder}; fastcgi_temp_path ${folder};
  uwsgi_temp_path ${folder}; scgi_temp_path ${folder}; keepalive_requests 100000000;
`

async function nginx(name: string, body: (port: number) => string): Promise<Program> {
  const folder = await mkdtemp(join(tmpdir(), 'xinglin-nginx-'))
  const port = await freePort()
  const file = join(folder, 'nginx.conf')
  await writeFile(file, `${nginxHead(folder)}${body(port)}}\n`)
  return start(name, ['nginx', '-p', folder, '-c', file], port)
}

/** An upstream that answers at once with 11 bytes. */
export function startUpstream(): Promise<Program> {
  return nginx(
    'upstream',
    (port) => `  server { listen 127.0.0.1:${port}; location / { return 200 "hello world"; } }\n`,
  )
}

/** nginx as a proxy with a rate limit and a trace id; it cannot check a JWT without further modules. */
export function startNginx(upstreamUrl: string): Promise<Program> {
  const { host } = new URL(upstreamUrl)
  return nginx(
    'nginx',
    (port) => `  limit_req_zone $http_authorization zone=consumers:10m rate=${maxRate}r/s;
  upstream hello { server ${host}; keepalive 64; keepalive_requests 100000000; }
  server { listen 127.0.0.1:${port};
    location / { limit_req zone=consumers burst=10000 nodelay; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_set_header X-Request-ID $request_id; proxy_set_header X-Forwarded-For $remote_addr; proxy_pass http://hello; } }
`,
  )
}

/** haproxy as a proxy that verifies the HS256 token and its issuer, counts per token, and sets a trace id. */
export async function startHaproxy(
  upstreamUrl: string,
  token: { readonly key: string; readonly secret: string },
): Promise<Program> {
  const { host } = new URL(upstreamUrl)
  const folder = await mkdtemp(join(tmpdir(), 'xinglin-haproxy-'))
  const port = await freePort()
  const file = join(folder, 'haproxy.cfg')
  await writeFile(
    file,
    `global
  nbthread 1
  maxconn 1000
defaults
  mode http
  timeout connect 3s
  timeout client 60s
  timeout server 60s
  http-reuse always
frontend edge
  bind 127.0.0.1:${port}
  unique-id-format %[uuid()]
  unique-id-header X-Request-ID
  http-request set-var(txn.bearer) http_auth_bearer
  http-request deny deny_status 401 unless { var(txn.bearer),jwt_verify("HS256","${token.secret}") -m int 1 }
  http-request deny deny_status 401 unless { var(txn.bearer),jwt_payload_query('$.iss') -m str "${token.key}" }
  http-request track-sc0 var(txn.bearer) table consumers
  http-request deny deny_status 429 if { sc_http_req_rate(0) gt ${maxRate} }
  option forwardfor
  default_backend hello
backend consumers
  stick-table type string len 512 size 100k expire 60s store http_req_rate(1s)
backend hello
  server one ${host} maxconn 64
`,
  )
  return start('haproxy', ['haproxy', '-f', file, '-db', '-q'], port)
}

/** Node alone: `relay` passes bytes on, `http` takes requests by node:http and asks over bare sockets. */
export async function startFloor(kind: 'relay' | 'http', upstreamUrl: string): Promise<Program> {
  const port = await freePort()
  const program = fileURLToPath(new URL('./gateway-floor.ts', import.meta.url))
  const words = [process.execPath, program, kind, String(port), new URL(upstreamUrl).port]
  return start(kind === 'relay' ? 'node relay of bytes' : 'node:http and bare sockets', words, port)
}
