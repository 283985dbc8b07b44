// Serves the built console from memory: only files that were found at start can be asked for.
import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Exchange } from '../exchange.ts'
import { setHeaders } from '../exchange.ts'

/** Answers below `/app`; false when the console is not built. */
export type ConsoleFiles = (exchange: Exchange) => boolean

interface StaticFile {
  readonly body: Buffer
  readonly type: string
  readonly etag: string
  readonly isHashed: boolean
  readonly isWorker: boolean
  readonly encoded: ReadonlyMap<string, Buffer>
}

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.map': 'application/json; charset=utf-8',
  '.webmanifest': 'application/manifest+json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.webp': 'image/webp',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.wasm': 'application/wasm',
  '.txt': 'text/plain; charset=utf-8',
}
const encodings = [
  ['br', '.br'],
  ['gzip', '.gz'],
] as const
const maxFiles = 5000
const maxTotalBytes = 67_108_864
const hashedName = /^\/assets\/.*[-.][A-Za-z0-9_-]{8,}\.[a-z0-9]+$/

// A worker has the policy of its own file. Those that compute in WebAssembly may compile it, load it from here, and no more;
// no page may.
const workerName = /^\/assets\/[\w.-]+\.worker-[\w-]{8,}\.js$/
const workerPolicy = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'"

// Styles are set inline by the component library; scripts never are.
const securityHeaders = Object.freeze({
  'content-security-policy':
    "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; worker-src 'self' blob:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=()',
})

async function readAll(folder: URL): Promise<ReadonlyMap<string, Buffer>> {
  const root = fileURLToPath(folder).replace(/[\\/]$/, '')
  const entries = await readdir(root, { recursive: true, withFileTypes: true }).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return []
      throw error
    },
  )
  const files = entries.filter((entry) => entry.isFile()).slice(0, maxFiles)
  const bodies = new Map<string, Buffer>()
  let total = 0
  for (const file of files) {
    const path = `${file.parentPath}/${file.name}`
    const body = await readFile(path)
    total += body.length
    if (total > maxTotalBytes) throw new Error(`The console in ${root} is larger than ${maxTotalBytes} bytes`)
    bodies.set(path.slice(root.length).replaceAll('\\', '/'), body)
  }
  return bodies
}

function toFiles(bodies: ReadonlyMap<string, Buffer>): ReadonlyMap<string, StaticFile> {
  const isVariant = (path: string): boolean =>
    encodings.some(([, suffix]) => path.endsWith(suffix) && bodies.has(path.slice(0, -suffix.length)))
  const originals = [...bodies].filter(([path]) => !isVariant(path))
  return new Map(
    originals.map(([path, body]): [string, StaticFile] => {
      const variants = encodings.flatMap(([name, suffix]): [string, Buffer][] => {
        const found = bodies.get(`${path}${suffix}`)
        return found === undefined ? [] : [[name, found]]
      })
      const file = {
        body,
        type: types[extname(path).toLowerCase()] ?? 'application/octet-stream',
        etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`,
        isHashed: hashedName.test(path),
        isWorker: workerName.test(path),
        encoded: new Map(variants),
      }
      return [path, file]
    }),
  )
}

function choose(files: ReadonlyMap<string, StaticFile>, path: string): StaticFile | undefined {
  const exact = files.get(path)
  if (exact !== undefined) return exact
  // Addresses of the console's own pages have no extension; what looks like a file and is not there is not found.
  return extname(path) === '' ? files.get('/index.html') : undefined
}

function send(exchange: Exchange, file: StaticFile): void {
  const { request, response, method } = exchange
  const accepted = String(request.headers['accept-encoding'] ?? '')
  const variant = [...file.encoded].find(([name]) =>
    new RegExp(`\\b${name}\\b(?!\\s*;\\s*q=0(?:\\.0*)?(?:,|$))`).test(accepted),
  )
  setHeaders(response, securityHeaders)
  if (file.isWorker) response.setHeader('content-security-policy', workerPolicy)
  response.setHeader('content-type', file.type)
  response.setHeader('cache-control', file.isHashed ? 'public, max-age=31536000, immutable' : 'no-cache')
  response.setHeader('etag', file.etag)
  if (file.encoded.size > 0) response.setHeader('vary', 'Accept-Encoding')
  if (request.headers['if-none-match'] === file.etag) {
    response.statusCode = 304
    response.end()
    return
  }
  const body = variant?.[1] ?? file.body
  if (variant !== undefined) response.setHeader('content-encoding', variant[0])
  response.setHeader('content-length', body.length)
  response.end(method === 'HEAD' ? undefined : body)
}

/** Reads the console's folder; without one, or with an empty one, nothing is served. */
export async function loadConsole(folder: URL | undefined): Promise<ConsoleFiles> {
  const files = folder === undefined ? new Map<string, StaticFile>() : toFiles(await readAll(folder))
  return (exchange) => {
    if (exchange.method !== 'GET' && exchange.method !== 'HEAD') return false
    const path = exchange.target.path.slice('/app'.length)
    const file = choose(files, path === '' || path === '/' ? '/index.html' : path)
    if (file === undefined) return false
    send(exchange, file)
    return true
  }
}
