// Why the parts of a system are not ready, by name: the database, the services here, and those that run elsewhere.
import { AppError } from '@xinglin/core/errors'
import type { Registry } from '../kernel/ports.ts'
import type { Sql } from '../kernel/sql.ts'
import type { LocalService } from './service-apps.ts'

/** What readiness is asked of. */
export interface ReadinessParts {
  readonly sql: Sql
  readonly local: () => readonly LocalService[]
  /** Names of the services that run in other processes. */
  readonly elsewhere: readonly string[]
  readonly registry: Pick<Registry, 'instances'>
}

/** An empty list means ready. */
export type Reasons = Readonly<Record<string, readonly string[]>>

const limitMs = 2000

function within<T>(work: Promise<T>): Promise<T> {
  const late = new Promise<never>((_resolve, reject) => {
    setTimeout(() => reject(new AppError('timeout', `no answer within ${limitMs} ms`)), limitMs).unref()
  })
  return Promise.race([work, late])
}

async function reasonsOf(name: string, ask: () => Promise<readonly string[]>): Promise<[string, readonly string[]]> {
  try {
    return [name, await within(ask())]
  } catch (error) {
    return [name, [error instanceof AppError ? error.message : 'could not check itself']]
  }
}

/** Creates the question. */
export function readinessOf({ sql, local, elsewhere, registry }: ReadinessParts): () => Promise<Reasons> {
  return async () => {
    const database = reasonsOf('database', async () => {
      await sql.query({ name: 'composition.alive', text: 'SELECT 1' })
      return []
    })
    const here = local().map(({ name, running }) => reasonsOf(name, async () => (await running.ready?.()) ?? []))
    const away = elsewhere.map((name): [string, readonly string[]] => {
      const isThere = registry.instances(name).some((instance) => instance.healthy)
      return [name, isThere ? [] : ['no healthy instance is registered']]
    })
    return Object.fromEntries([await database, ...(await Promise.all(here)), ...away])
  }
}
