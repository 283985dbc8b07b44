// The same routes for other gateways, as text: Kong's declarative file, or resources of the Kubernetes Gateway API.
import { stringify } from 'yaml'
import type { Queryable } from '../../../kernel/sql.ts'
import { emptyState, type KongState } from '../kong/entities.ts'
import { loadState } from '../kong/store.ts'
import { builtInConsumer } from '../tokens/caller-of.ts'
import { gatewayApiFile, leftOut } from './gateway-api-file.ts'
import { kongFile } from './kong-file.ts'
import type { Exported } from './route-groups.ts'

const formats = ['kong', 'gateway-api'] as const

/** A format of another gateway. */
export type ExportFormat = (typeof formats)[number]

/** What is exported, and how. */
export interface ExportRequest extends Exported {
  readonly format: ExportFormat
  readonly state: KongState
  /** The class of the Kubernetes Gateway. */
  readonly className: string
  /** What stands above, each line a comment. */
  readonly head: string
}

const yamlOptions = { lineWidth: 0, aliasDuplicateObjects: false } as const

function write(asked: ExportRequest): string {
  const { format, state, className, head } = asked
  const comment = head
    .split('\n')
    .map((line) => `# ${line}\n`)
    .join('')
  if (format === 'kong') return `${comment}${stringify(kongFile(asked, state), yamlOptions)}`
  const resources = gatewayApiFile(asked, state, className)
  return `${comment}${resources.map((one) => stringify(one, yamlOptions)).join('---\n')}`
}

// What operators defined; the consumer of Xinglin's own tokens is none of theirs.
async function loadDefined(sql: Queryable): Promise<KongState> {
  const state = await loadState(sql)
  return { ...state, consumers: state.consumers.filter(({ username }) => username !== builtInConsumer) }
}

/** Files of routes for other gateways. */
export const routeFiles = Object.freeze({
  formats,
  /** Nothing defined at the admin port. */
  nothing: emptyState,
  /** What is defined at the admin port. */
  load: loadDefined,
  /** Names of defined routes that the Gateway API cannot say. */
  leftOut,
  /** The file's text. */
  write,
})
