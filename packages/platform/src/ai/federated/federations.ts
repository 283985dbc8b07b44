// The work behind the routes: setting up, starting, cancelling and looking at federations.
import { AppError } from '@xinglin/core/errors'
import type { Caller } from '../../kernel/caller.ts'
import type { Audit, AuditEntry, Clock, Ids } from '../../kernel/ports.ts'
import type { Sql, Tx } from '../../kernel/sql.ts'
import type { Federation, Plan, RoundSite, Site, StoredEvaluation } from './federation.ts'
import { addEvent, listEvaluations, listRounds, listUpdates } from './round-store.ts'
import { hashOfToken, newSiteToken } from './site-token.ts'
import { insertFederation, insertSite, listSites, readFederation, setState } from './store.ts'

/** What the work needs. */
export interface FederationParts {
  readonly sql: Sql
  readonly audit: Audit
  readonly clock: Clock
  readonly ids: Ids
  /** Called when something is to be run or ended. */
  readonly poke: () => void
}

/** Who asks, for the audit trail. */
export interface Asker {
  readonly caller: Caller
  readonly traceId: string
}

function entryOf(asker: Asker, interaction: string, id: string): AuditEntry {
  return { ...asker, action: 'E', interaction, outcome: 'success', entities: [`Federation/${id}`] }
}

async function demandFederation(sql: Tx, id: string): Promise<Federation> {
  const found = await readFederation(sql, id, true)
  if (found === undefined) throw new AppError('not-found', `There is no federation ${id}`)
  return found
}

/** A federation with its sites. */
export interface FederationView extends Federation {
  readonly sites: readonly Site[]
}

/** @throws AppError 'not-found' */
export async function viewFederation(sql: Sql, id: string): Promise<FederationView> {
  const found = await readFederation(sql, id)
  if (found === undefined) throw new AppError('not-found', `There is no federation ${id}`)
  return { ...found, sites: await listSites(sql, id) }
}

/** Sets up a federation; nothing runs before it is started. */
export async function createFederation(
  parts: FederationParts,
  asked: { readonly name: string; readonly plan: Plan },
  asker: Asker,
): Promise<FederationView> {
  const id = parts.ids.uuid()
  const createdAt = parts.clock.now()
  await parts.sql.transaction(async (tx) => {
    await insertFederation(tx, { id, ...asked, createdBy: asker.caller.subject, createdAt })
    await parts.audit.append(tx, [entryOf(asker, 'federation-create', id)])
  })
  return viewFederation(parts.sql, id)
}

/** Adds a site that joins by a token, which is shown only here. @throws AppError 'conflict' when the name is taken */
export async function addSite(
  parts: FederationParts,
  site: { readonly federation: string; readonly name: string },
  asker: Asker,
): Promise<{ readonly name: string; readonly token: string }> {
  const token = newSiteToken()
  await parts.sql.transaction(async (tx) => {
    const { state } = await demandFederation(tx, site.federation)
    if (state !== 'created' && state !== 'running') throw new AppError('conflict', `The federation is ${state}`)
    if (!(await insertSite(tx, { ...site, tokenHash: hashOfToken(token) }))) {
      throw new AppError('conflict', `There is a site ${site.name} already`)
    }
    await parts.audit.append(tx, [entryOf(asker, 'federation-site', site.federation)])
  })
  return { name: site.name, token }
}

/** Starts a federation, or one that failed goes on where it was. @throws AppError 'conflict' when it has ended or runs */
export async function startFederation(parts: FederationParts, id: string, asker: Asker): Promise<FederationView> {
  await parts.sql.transaction(async (tx) => {
    const { state } = await demandFederation(tx, id)
    if (state !== 'created' && state !== 'failed') {
      throw new AppError('conflict', `The federation is ${state}; it can be started when it is new or has failed`)
    }
    await setState(tx, id, { state: 'running', at: parts.clock.now() })
    await parts.audit.append(tx, [entryOf(asker, 'federation-start', id)])
    tx.afterCommit(parts.poke)
  })
  return viewFederation(parts.sql, id)
}

/** Cancels a federation; what its rounds brought so far is kept. @throws AppError 'conflict' when it has ended */
export async function cancelFederation(parts: FederationParts, id: string, asker: Asker): Promise<FederationView> {
  await parts.sql.transaction(async (tx) => {
    const { state } = await demandFederation(tx, id)
    if (state !== 'created' && state !== 'running') throw new AppError('conflict', `The federation is ${state} already`)
    const at = parts.clock.now()
    await setState(tx, id, { state: 'cancelled', at })
    await addEvent(tx, id, { kind: 'cancelled' }, at)
    await parts.audit.append(tx, [entryOf(asker, 'federation-cancel', id)])
    tx.afterCommit(parts.poke)
  })
  return viewFederation(parts.sql, id)
}

type SiteInRound = Omit<RoundSite, 'round' | 'weightsKey'> & {
  readonly evaluation?: Omit<StoredEvaluation, 'round' | 'site'>
}

function sitesOf(
  round: number,
  updates: readonly RoundSite[],
  evaluations: readonly StoredEvaluation[],
): readonly SiteInRound[] {
  return updates
    .filter((update) => update.round === round)
    .map(({ round: _round, weightsKey: _key, ...update }) => {
      const found = evaluations.find((one) => one.round === round && one.site === update.site)
      if (found === undefined) return update
      const { examples, loss, metrics } = found
      return { ...update, evaluation: { examples, loss, metrics } }
    })
}

/** A page of rounds with what each site did in them. @throws AppError 'not-found' */
export async function viewRounds(
  sql: Sql,
  id: string,
  page: { readonly after: number; readonly count: number },
): Promise<{ readonly rounds: readonly object[]; readonly next?: string }> {
  await viewFederation(sql, id)
  const found = await listRounds(sql, id, { after: page.after, count: page.count + 1 })
  const shown = found.slice(0, page.count)
  const last = shown.at(-1)?.number ?? page.after
  const range = { from: page.after + 1, to: last }
  const [updates, evaluations] = await Promise.all([listUpdates(sql, id, range), listEvaluations(sql, id, range)])
  const rounds = shown.map(({ weightsKey: _weights, momentsKey: _moments, ...round }) => ({
    ...round,
    sites: sitesOf(round.number, updates, evaluations),
  }))
  if (found.length <= page.count) return { rounds }
  return { rounds, next: `/api/v1/federations/${id}/rounds?_count=${page.count}&after=${last}` }
}
