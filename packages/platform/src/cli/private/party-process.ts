// A process of one party of the demo: a key owner, or a data owner. What is secret stays in its memory.
import {
  type CkksChoice,
  publicPartOf,
  readTensealContext,
  type TensealContext,
  writeTensealContext,
} from '@xinglin/core/ckks'
import { askServer, demandBytes, demandJson, type ServerAddress } from './client.ts'
import { makeOwnKeys, openOwnContext } from './own-keys.ts'

/** What a party is asked to do. */
export type PartyTask = { readonly server: ServerAddress } & (
  | {
      readonly kind: 'publish'
      readonly choice: CkksChoice
      readonly rotations: readonly number[]
      readonly query: string
    }
  | { readonly kind: 'contribute'; readonly contextId: string; readonly vectors: readonly (readonly number[])[] }
  | { readonly kind: 'open'; readonly contextId: string; readonly vectorId: string }
)

/** What it says. */
export interface PartyAnswer {
  readonly contextId?: string
  readonly publicBytes?: number
  /** Status of the attempt to send the secret key along. */
  readonly refusedWith?: number
  readonly vectorIds?: readonly string[]
  readonly vectorBytes?: number
  readonly values?: readonly number[]
  readonly serverHasSecretKey?: boolean
  readonly error?: string
}

const seal43 = 3
const own: { context?: TensealContext } = {}

type Task<Kind> = Extract<PartyTask, { readonly kind: Kind }>

async function publish({ server, choice, rotations, query }: Task<'publish'>): Promise<PartyAnswer> {
  const context = await makeOwnKeys(choice, rotations, seal43)
  own.context = context
  const careless = await askServer(server, 'contexts', { method: 'POST', bytes: writeTensealContext(context) })
  const bytes = writeTensealContext(publicPartOf(context))
  const { id } = await demandJson<{ readonly id: string }>(server, `contexts${query}`, { method: 'POST', bytes })
  return { contextId: id, publicBytes: bytes.length, refusedWith: careless.status }
}

async function contribute({ server, contextId, vectors }: Task<'contribute'>): Promise<PartyAnswer> {
  const context = readTensealContext(await demandBytes(server, `contexts/${contextId}/bytes`))
  const opened = await openOwnContext(context)
  const vectorIds: string[] = []
  let vectorBytes = 0
  try {
    for (const values of vectors) {
      const bytes = opened.encrypt(values)
      vectorBytes = bytes.length
      const sent = await demandJson<{ readonly id: string }>(server, `contexts/${contextId}/vectors`, {
        ...{ method: 'POST', bytes },
      })
      vectorIds.push(sent.id)
    }
    return { vectorIds, vectorBytes }
  } finally {
    opened.close()
  }
}

async function open({ server, contextId, vectorId }: Task<'open'>): Promise<PartyAnswer> {
  if (own.context === undefined) throw new Error('This party has no key')
  const kept = readTensealContext(await demandBytes(server, `contexts/${contextId}/bytes`))
  const vector = await demandBytes(server, `vectors/${vectorId}/bytes`)
  const opened = await openOwnContext(own.context)
  try {
    return { values: opened.decrypt(vector), serverHasSecretKey: kept.secretKey !== undefined }
  } finally {
    opened.close()
  }
}

function take(task: PartyTask): Promise<PartyAnswer> {
  switch (task.kind) {
    case 'publish':
      return publish(task)
    case 'contribute':
      return contribute(task)
    case 'open':
      return open(task)
    default:
      return task satisfies never
  }
}

process.on('message', (task: PartyTask) => {
  take(task)
    .catch((error: unknown) => ({ error: error instanceof Error ? error.message : String(error) }))
    .then((answer) => process.send?.(answer))
    .catch(() => process.exit(1)) // whom to tell is gone
})
process.on('disconnect', () => process.exit(0))
