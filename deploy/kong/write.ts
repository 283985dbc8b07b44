// Writes deploy/kong/kong.yaml and deploy/gateway-api/xinglin.yaml from the services; a test compares them.
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { productRouteFile } from '../../packages/platform/src/cli/gateway/export.ts'

const backend = { host: 'gateway', port: 80 }

/** The committed files by their paths. */
export const routeFilesByPath = {
  'kong/kong.yaml': () => productRouteFile({ format: 'kong', backend, class: 'istio' }),
  'gateway-api/xinglin.yaml': () => productRouteFile({ format: 'gateway-api', backend, class: 'istio' }),
} as const

if (import.meta.main) {
  for (const [path, text] of Object.entries(routeFilesByPath)) {
    writeFileSync(fileURLToPath(new URL(`../${path}`, import.meta.url)), text())
  }
}
