// What a radiologist does with a draft: accepts or rejects nodules, and signs.
import { AppError } from '@xinglin/core/errors'
import type { Caller } from '../../../kernel/caller.ts'
import type { Audit, CallService, Clock } from '../../../kernel/ports.ts'
import type { Sql, Tx } from '../../../kernel/sql.ts'
import { fileReport } from './file-report.ts'
import { type Decision, demandDecisions, demandDraft, type Reading, type ReadingNodule } from './reading.ts'
import { decideNodule, nodulesOf, readReading, signReading } from './reading-store.ts'
import { type ReportedStudy, reportBundle, reportId } from './report.ts'

/** What signing is done with. */
export interface SigningPorts {
  readonly sql: Sql
  readonly audit: Audit
  readonly clock: Clock
  readonly call: CallService
  readonly inTurn: InTurn
}

/** Runs works one after the other. */
export type InTurn = <T>(work: () => Promise<T>) => Promise<T>

/** Who does it to which reading. */
export interface Act {
  readonly id: string
  readonly caller: Caller
  readonly traceId: string
  /** The version that the person has seen; any when undefined. */
  readonly version: number | undefined
}

/** A reading with its nodules. */
export interface WholeReading {
  readonly reading: Reading
  readonly nodules: readonly ReadingNodule[]
}

async function lock(tx: Tx, { id, version }: Act): Promise<Reading> {
  const reading = await readReading(tx, id, true)
  if (reading === undefined) throw new AppError('not-found', 'There is no such reading')
  if (version === undefined || version === reading.version) return reading
  throw new AppError('precondition-failed', 'Somebody else has changed the reading meanwhile: look at it again')
}

/**
 * Makes a queue: a signature holds a connection to the database while the records, who need one too, write the report, so
 * that many at a time could wait for each other.
 */
export function createInTurn(): InTurn {
  const state: { last: Promise<unknown> } = { last: Promise.resolve() }
  return (work) => {
    const done = state.last.then(work)
    state.last = done.catch(() => undefined) // whoever asked for the work is told of its failure
    return done
  }
}

/** Says who may decide and sign. @throws AppError 'forbidden' for anybody but a radiologist */
export function demandRadiologist(caller: Caller): void {
  if (caller.roles.includes('radiologist') && caller.patient === undefined) return
  throw new AppError('forbidden', 'Only a radiologist may decide about nodules and sign')
}

/** Accepts or rejects a nodule of a draft. @throws AppError 'not-found', 'conflict', 'precondition-failed' */
export async function decide(
  ports: SigningPorts,
  act: Act,
  nodule: { readonly number: number; readonly decision: Decision },
): Promise<WholeReading> {
  const { sql, audit, clock } = ports
  return await sql.transaction(async (tx) => {
    const reading = await lock(tx, act)
    demandDraft(reading, 'decided about')
    const decided = { decision: nodule.decision, at: clock.now(), by: act.caller.name }
    if (!(await decideNodule(tx, { reading: act.id, number: nodule.number }, decided))) {
      throw new AppError('not-found', `The reading has no nodule ${nodule.number}`)
    }
    await audit.append(tx, [entryOf(act, reading, 'reading-decide')])
    return { reading: { ...reading, version: reading.version + 1 }, nodules: await nodulesOf(tx, act.id) }
  })
}

function entryOf({ caller, traceId }: Act, reading: Reading, interaction: string) {
  return {
    ...({ caller, traceId, interaction, action: 'U', outcome: 'success' } as const),
    entities: [`DiagnosticReport/${reportId(reading)}`],
    patients: reading.patient === null ? [] : [reading.patient],
  }
}

/**
 * Signs: the report becomes final in the records in the radiologist's name, then the reading is closed. When the process
 * dies between the two, signing again writes the same report.
 * @param study who is pictured and when; undefined while the study belongs to no patient
 */
export async function sign(
  ports: SigningPorts,
  act: Act,
  { study, conclusion }: { readonly study: ReportedStudy | undefined; readonly conclusion: string | undefined },
): Promise<WholeReading> {
  const { sql, audit, clock, call, inTurn } = ports
  const { caller } = act
  const write = (): Promise<WholeReading> =>
    sql.transaction(
      async (tx) => {
        const reading = await lock(tx, act)
        demandDraft(reading, 'signed')
        const nodules = await nodulesOf(tx, act.id)
        demandDecisions(nodules)
        if (study === undefined) {
          throw new AppError('conflict', 'The study belongs to no patient yet: assign it on the worklist, then sign')
        }
        const at = clock.now()
        const signature = {
          actor: caller.actor,
          name: caller.name,
          at,
          ...(conclusion === undefined ? {} : { conclusion }),
        }
        await fileReport(call, reportBundle(reading, nodules, study, signature), caller)
        const patient = study.patient
        await signReading(tx, act.id, { at, name: caller.name, patient, report: reportId(reading) })
        await audit.append(tx, [{ ...entryOf(act, reading, 'reading-sign'), patients: [patient] }])
        const closed = await readReading(tx, act.id)
        return { reading: closed ?? reading, nodules }
      },
      { retries: 0, timeoutMs: 60_000 },
    )
  return await inTurn(write)
}
