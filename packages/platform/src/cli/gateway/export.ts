// `xinglin gateway export`: the one route table, in the words of other gateways.
import { writeFile } from 'node:fs/promises'
import { type ExportFormat, routeFiles } from '../../edge/gateway/index.ts'
import { services } from '../../services.ts'
import { withDatabase } from '../local.ts'
import { demandPlace } from '../place.ts'

/** What is wanted. */
export interface GatewayExport {
  readonly format: ExportFormat
  readonly defined: boolean
  readonly backend: { readonly host: string; readonly port: number }
  readonly class: string
  readonly output?: string
}

const heads: Readonly<Record<ExportFormat, string>> = {
  kong: `Kong in front of Xinglin, DB-less (Kong 3.x): kong start with KONG_DECLARATIVE_CONFIG pointing here.
Written by: npx xinglin gateway export --format kong (edit the services, not this file).
Credentials are checked by Xinglin's gateway behind: it alone can tell the services who calls.`,
  'gateway-api': `Kubernetes Gateway API v1 in front of Xinglin's gateway Service.
Written by: npx xinglin gateway export --format gateway-api (edit the services, not this file).
Needs the Secret xinglin-tls (kubernetes.io/tls) and a controller of the class named below.`,
}

/** The text of the file for the services of the product, with nothing defined besides. */
export function productRouteFile(
  given: Pick<GatewayExport, 'format' | 'backend' | 'class'>,
  state = routeFiles.nothing,
): string {
  const routes = services.map(({ name, paths }) => ({ service: name, paths }))
  const { format, backend } = given
  return routeFiles.write({ format, routes, backend, state, className: given.class, head: heads[format] })
}

/** Writes the file; tells on stderr what could not be said in the format. */
export async function gatewayExport(given: GatewayExport): Promise<void> {
  const state = given.defined
    ? await withDatabase((await demandPlace()).databaseUrl, routeFiles.load)
    : routeFiles.nothing
  const text = productRouteFile(given, state)
  const left = given.format === 'gateway-api' ? routeFiles.leftOut(state) : []
  if (left.length > 0) {
    process.stderr.write(
      `Left out, because their hosts are no Kubernetes Services or they are gRPC: ${left.join(', ')}\n`,
    )
  }
  if (given.output === undefined) process.stdout.write(text)
  else await writeFile(given.output, text)
}
