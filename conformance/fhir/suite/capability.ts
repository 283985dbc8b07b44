// The server's CapabilityStatement, read once per run.
import { type Answer, partOf } from './answer.ts'
import { shared } from './check.ts'
import type { Resource } from './client.ts'

/** What the server claims for one type. */
export interface TypeClaim {
  readonly type: string
  readonly interactions: readonly string[]
  readonly parameters: readonly { readonly name: string; readonly type: string }[]
  readonly includes: readonly string[]
  readonly revincludes: readonly string[]
  readonly operations: readonly string[]
  /** The rest as it stands, e.g. `conditionalCreate`. */
  readonly resource: Resource
}

/** What the server claims. */
export interface Capability {
  readonly answer: Answer
  readonly types: readonly TypeClaim[]
  readonly systemInteractions: readonly string[]
}

const list = (value: unknown, path: string) => (partOf(value, path) ?? []) as readonly unknown[]
const texts = (value: unknown, path: string) => list(value, path).map(String)
const codes = (value: unknown) => list(value, 'interaction').map((one) => String(partOf(one, 'code')))

function claimOf(resource: unknown): TypeClaim {
  return {
    type: String(partOf(resource, 'type')),
    interactions: codes(resource),
    parameters: list(resource, 'searchParam').map((one) => ({
      name: String(partOf(one, 'name')),
      type: String(partOf(one, 'type')),
    })),
    includes: texts(resource, 'searchInclude'),
    revincludes: texts(resource, 'searchRevInclude'),
    operations: list(resource, 'operation').map((one) => String(partOf(one, 'name'))),
    resource: resource as Resource,
  }
}

/** The statement, taken apart. */
export const capability = shared(async (client): Promise<Capability> => {
  const answer = (await client.send('GET', '/metadata')).expect(200)
  const rest = answer.at('rest.0')
  return { answer, types: list(rest, 'resource').map(claimOf), systemInteractions: codes(rest) }
})
