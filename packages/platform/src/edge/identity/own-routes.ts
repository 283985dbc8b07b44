// HTTP of a person's own account: which apps have access, taking it back, a new password.
import { AppError } from '@xinglin/core/errors'
import type { FastifyPluginAsync } from 'fastify'
import type { Static } from 'typebox'
import type { Caller } from '../../kernel/caller.ts'
import type { Accounts } from './accounts/accounts.ts'
import { passwordFits } from './accounts/passwords.ts'
import { findAccount } from './accounts/store.ts'
import { AppAccessList, OwnPassword } from './admin-schemas.ts'
import { type ChangeParts, endTokens, noteChange } from './changes.ts'
import { findClient } from './clients/store.ts'
import { findLaunch, launchesOf } from './provider/artifacts.ts'
import type { Throttle } from './throttle.ts'

/** What the routes need. */
export interface OwnParts extends ChangeParts {
  readonly accounts: Accounts
  readonly throttle: Throttle
}

const base = '/api/v1/identity/me'

// An app must not look after the access of apps: only who signed in to the console does.
function demandPerson({ scopes }: Caller): void {
  if (scopes.length > 0) throw new AppError('forbidden', 'Sign in to the console for this; an app may not do it')
}

async function appsOf(parts: OwnParts, subject: string): Promise<Static<typeof AppAccessList>> {
  const launches = await launchesOf(parts.sql, subject)
  const apps = launches.map(async ({ grantId, client, scopes, patient, createdAt }) => ({
    grant: grantId,
    client,
    name: (await findClient(parts.sql, client))?.name ?? client,
    scopes: [...scopes],
    ...(patient === undefined ? {} : { patient }),
    grantedAt: createdAt.toISOString(),
  }))
  return { apps: await Promise.all(apps) }
}

async function takeBack(parts: OwnParts, caller: Caller, grantId: string): Promise<void> {
  const launch = await findLaunch(parts.sql, grantId)
  if (launch?.account !== caller.subject) throw new AppError('not-found', 'You gave no access under this id')
  await parts.sql.transaction(async (tx) => {
    await endTokens(tx, parts, 'grant', grantId)
    const entity = `client/${launch.client}`
    await noteChange(tx, parts, { by: caller, action: 'D', interaction: 'app-access-end', entity })
  })
}

/** The routes of the own account. */
export function ownRoutes(parts: OwnParts): FastifyPluginAsync {
  return async (app) => {
    app.get(`${base}/apps`, { schema: { response: { 200: AppAccessList } } }, async ({ caller }) => {
      demandPerson(caller)
      return appsOf(parts, caller.subject)
    })
    app.delete<{ Params: { id: string } }>(`${base}/apps/:id`, async ({ caller, params }, reply) => {
      demandPerson(caller)
      await takeBack(parts, caller, params.id)
      reply.code(204)
    })
    const password = { bodyLimit: 4096, schema: { body: OwnPassword } }
    app.put<{ Body: Static<typeof OwnPassword> }>(`${base}/password`, password, async ({ caller, body }, reply) => {
      demandPerson(caller)
      parts.throttle.count(caller.subject, caller.address ?? 'unknown')
      const found = await findAccount(parts.sql, caller.subject)
      if (!(await passwordFits(body.current, found?.password))) {
        throw new AppError('unprocessable', 'The current password is not right')
      }
      if (found?.account.isDemo === true) throw new AppError('conflict', 'The password of a demo person stays as it is')
      await parts.accounts.setPassword(caller, caller.subject, body.password)
      reply.code(204)
    })
  }
}
