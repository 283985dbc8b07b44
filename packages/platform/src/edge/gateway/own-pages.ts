// The addresses that the gateway answers itself: `/`, `/app`, `/auth`, `/health`.
import { AppError } from '@xinglin/core/errors'
import type { ConsoleFiles } from './console/console-files.ts'
import { answerJson, type Exchange } from './exchange.ts'
import type { GatewayExtra } from './extra.ts'
import type { SignIn } from './session/sign-in.ts'

/** Answers a request when its address is the gateway's own; says whether it did. */
export type OwnPages = (exchange: Exchange) => boolean | Promise<boolean>

/** What the pages need. */
export interface OwnPagesParts {
  readonly console: () => ConsoleFiles
  readonly signIn: SignIn
  readonly readiness: GatewayExtra['readiness']
  readonly isDraining: () => boolean
  /** Answers with where requests go, to who may know. */
  readonly targets: (exchange: Exchange) => Promise<void>
  /** The own authority behind the port that speaks TLS, in PEM. */
  readonly authority: string | undefined
}

const authorityPath = '/ca.crt'
const own = /^\/(?:$|ca\.crt$|(?:app|auth|health)(?=\/|$))/

async function ready(parts: OwnPagesParts, { response }: Exchange): Promise<void> {
  const reasons = (await parts.readiness?.()) ?? {}
  const gateway = parts.isDraining() ? ['the gateway is stopping'] : []
  const all = { gateway, ...reasons }
  const isReady = Object.values(all).every((list) => list.length === 0)
  if (!isReady) response.setHeader('retry-after', '1')
  const services = Object.fromEntries(
    Object.entries(all).map(([name, list]) => [
      name,
      { status: list.length === 0 ? 'ready' : 'unready', reasons: list },
    ]),
  )
  answerJson(response, isReady ? 200 : 503, { status: isReady ? 'ready' : 'unready', services })
}

function root({ request, response }: Exchange): void {
  if ((request.headers.accept ?? '').includes('text/html')) {
    response.writeHead(302, { location: '/app/', 'cache-control': 'no-store' }).end()
    return
  }
  const links = { console: '/app/', fhir: '/fhir', capabilities: '/fhir/metadata', health: '/health/ready' }
  answerJson(response, 200, { name: 'Xinglin', links })
}

// Phones take a certificate of this kind for one to install.
function authority({ authority: pem }: OwnPagesParts, { response }: Exchange): void {
  if (pem === undefined) throw new AppError('not-found', 'This system has no authority of its own')
  const headers = { 'content-type': 'application/x-x509-ca-cert', 'cache-control': 'no-store' }
  response.writeHead(200, { ...headers, 'content-disposition': 'attachment; filename="xinglin-ca.crt"' }).end(pem)
}

function demandRead({ method, response }: Exchange): void {
  if (method === 'GET' || method === 'HEAD') return
  response.setHeader('allow', 'GET, HEAD')
  throw new AppError('method-not-allowed', 'This address takes GET and HEAD')
}

/** Creates the gateway's own pages. */
export function createOwnPages(parts: OwnPagesParts): OwnPages {
  return (exchange) => {
    const { matchPath } = exchange.target
    if (!own.test(matchPath)) return false
    exchange.fields.applyTo(exchange.response)
    return answer(parts, exchange, matchPath)
  }
}

async function answer(parts: OwnPagesParts, exchange: Exchange, path: string): Promise<boolean> {
  if (path.startsWith('/auth')) {
    await parts.signIn(exchange)
    return true
  }
  demandRead(exchange)
  if (path === '/') root(exchange)
  else if (path === authorityPath) authority(parts, exchange)
  else if (path === '/health/live') answerJson(exchange.response, 200, { status: 'live' })
  else if (path === '/health/ready') await ready(parts, exchange)
  else if (path === '/health/targets') await parts.targets(exchange)
  else if (path.startsWith('/health') || !parts.console()(exchange)) {
    const isConsole = path === '/app' || path === '/app/'
    throw new AppError(
      'not-found',
      isConsole ? 'The console is not built; run: npm run build' : 'Nothing is known under this address',
    )
  }
  return true
}
