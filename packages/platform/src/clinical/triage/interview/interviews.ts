// Interviews over the database: begin, answer, go back, finish; every step is durable before it is answered.
import { AppError } from '@xinglin/core/errors'
import {
  conclude,
  type Interview,
  nextStep,
  type Person,
  type Reply,
  type Vitals,
  withAnswer,
  withoutLast,
} from '@xinglin/core/triage'
import type { Caller } from '../../../kernel/caller.ts'
import type { Audit, AuditEntry, CallService, Clock, Ids } from '../../../kernel/ports.ts'
import type { Sql, Tx } from '../../../kernel/sql.ts'
import { isBoundToPatient, isClinicalStaff, isPatientOnly, patientOf } from '../access.ts'
import type { CompiledKnowledge, Knowledge } from '../knowledge/knowledge.ts'
import { requireKnown } from '../suggest.ts'
import { bundleOf } from './bundle.ts'
import {
  type InterviewList,
  type InterviewRow,
  insertInterview,
  listInterviews,
  type Outcome,
  readInterview,
  updateInterview,
} from './store.ts'
import { requirePatient, writeRecords } from './write-records.ts'

/** What interviews need. */
export interface InterviewParts {
  readonly sql: Sql
  readonly audit: Audit
  readonly call: CallService
  readonly clock: Clock
  readonly ids: Ids
  readonly knowledge: Knowledge
  /** Ids of the patients who withhold what they answered from a caller. */
  readonly withheldFrom: (caller: Caller) => Promise<readonly string[]>
}

/** Who asks, and in which trace. */
export interface Asking {
  readonly caller: Caller
  readonly traceId: string
}

/** How an interview begins. */
export interface Beginning {
  readonly symptoms: readonly string[]
  readonly absent: readonly string[]
  readonly person: Person
  readonly vitals: Vitals
  readonly patient: string | undefined
}

/** An interview with the knowledge that it runs under. */
export interface Running {
  readonly row: InterviewRow
  readonly knowledge: CompiledKnowledge
}

/** Which interviews are asked for. */
export type Asked = Omit<InterviewList, 'owner' | 'caller' | 'withheld'>

/** The interviews of a process. */
export interface Interviews {
  begin(asking: Asking, beginning: Beginning): Promise<Running>
  read(asking: Asking, id: string): Promise<Running>
  list(asking: Asking, list: Asked): Promise<readonly Running[]>
  answer(asking: Asking, id: string, given: { readonly finding: string; readonly reply: Reply }): Promise<Running>
  back(asking: Asking, id: string): Promise<Running>
  abandon(asking: Asking, id: string): Promise<Running>
  finish(asking: Asking, id: string, isBooked: boolean | undefined): Promise<Running>
}

// Who interviews a patient who withholds the answers of others may end what was begun, and then no longer sees it.
const isUnderWay = ({ owner, status }: InterviewRow, { subject }: Caller): boolean =>
  owner === subject && status !== 'finished'

function isVisibleTo(row: InterviewRow, { caller }: Asking, withheld: readonly string[]): boolean {
  if (row.patient !== undefined && withheld.includes(row.patient)) return isUnderWay(row, caller)
  if (isClinicalStaff(caller)) return true
  if (isBoundToPatient(caller)) return row.patient !== undefined && row.patient === caller.patient
  return row.owner === caller.subject
}

function entryOf(asking: Asking, row: InterviewRow, action: AuditEntry['action'], interaction: string): AuditEntry {
  return {
    ...asking,
    action,
    interaction,
    outcome: 'success',
    status: action === 'C' ? 201 : 200,
    entities: [`triage-interview/${row.id}`],
    ...(row.patient === undefined ? {} : { patients: [row.patient] }),
  }
}

async function locked(
  tx: Tx,
  asking: Asking,
  { id, withheld }: { readonly id: string; readonly withheld: readonly string[] },
): Promise<InterviewRow> {
  const row = await readInterview(tx, id, true)
  if (row !== undefined && isVisibleTo(row, asking, withheld)) return row
  throw new AppError('not-found', 'There is no interview with this id')
}

function requireOpen(row: InterviewRow): void {
  if (row.status === 'open') return
  throw new AppError('conflict', `The interview is ${row.status}: begin a new one`)
}

// The same answer sent again (a lost reply) changes nothing; another finding is not the one that was asked.
function answered(knowledge: CompiledKnowledge, row: InterviewRow, finding: string, reply: Reply): Interview {
  const last = row.state.answers.at(-1)
  if (last?.finding === finding && last.reply === reply) return row.state
  const step = nextStep(knowledge.graph, row.state)
  if (step.kind === 'stop') throw new AppError('conflict', 'There is no open question: finish the interview')
  if (step.finding.id !== finding) {
    throw new AppError(
      'conflict',
      `The open question is about ${step.finding.id}, not about ${finding}: read the interview again`,
    )
  }
  return withAnswer(row.state, step, reply)
}

function authorOf({ caller }: Asking, row: InterviewRow): string | undefined {
  return isPatientOnly(caller) && row.patient !== undefined ? `Patient/${row.patient}` : caller.actor
}

function outcomeOf(parts: InterviewParts, asking: Asking, { row, knowledge }: Running, isBooked?: boolean): Outcome {
  const { graph, version } = knowledge
  const conclusion = conclude(graph, row.state)
  const at = parts.clock.now()
  const { level } = conclusion.urgency
  const bundle =
    row.patient === undefined
      ? null
      : bundleOf({
          id: row.id,
          patient: row.patient,
          author: authorOf(asking, row),
          graph,
          knowledgeVersion: version,
          interview: row.state,
          conclusion,
          at,
          isBooked: isBooked ?? level !== 'self-care',
        })
  return { level, bundle, concludedAt: at.toISOString() }
}

async function change(
  parts: InterviewParts,
  asking: Asking,
  id: string,
  work: (running: Running) => Partial<Pick<InterviewRow, 'state' | 'status' | 'outcome'>>,
): Promise<Running> {
  const withheld = await parts.withheldFrom(asking.caller)
  return parts.sql.transaction(async (tx) => {
    const row = await locked(tx, asking, { id, withheld })
    const knowledge = await parts.knowledge.version(row.knowledgeVersion)
    const next = { ...row, ...work({ row, knowledge }) }
    const isSame = next.state === row.state && next.status === row.status && next.outcome === row.outcome
    const stored = isSame ? row : await updateInterview(tx, next, parts.clock.now())
    await parts.audit.append(tx, [entryOf(asking, stored, 'U', 'triage-interview')])
    return { row: stored, knowledge }
  })
}

async function begin(parts: InterviewParts, asking: Asking, beginning: Beginning): Promise<Running> {
  const knowledge = await parts.knowledge.active()
  const patient = patientOf(asking.caller, beginning.patient)
  if (patient !== undefined && !isPatientOnly(asking.caller)) await requirePatient(parts.call, asking, patient)
  const present = knowledge.names.read(beginning.symptoms)
  requireKnown(beginning.symptoms, present.unknown)
  const absent = knowledge.names.read(beginning.absent)
  const at = parts.clock.now()
  const complaints = present.findings.map(({ id }) => id)
  const row: InterviewRow = {
    id: parts.ids.uuid(),
    owner: asking.caller.subject,
    patient,
    knowledgeVersion: knowledge.version,
    revision: 1,
    status: 'open',
    state: {
      person: beginning.person,
      vitals: beginning.vitals,
      complaints,
      absent: absent.findings.map(({ id }) => id).filter((id) => !complaints.includes(id)),
      answers: [],
    },
    outcome: undefined,
    createdAt: at,
    changedAt: at,
  }
  await parts.sql.transaction(async (tx) => {
    await insertInterview(tx, row)
    await parts.audit.append(tx, [entryOf(asking, row, 'C', 'triage-interview')])
  })
  return { row, knowledge }
}

// What the records refuse for good opens the interview again; while they cannot be reached it waits to be finished.
async function written(parts: InterviewParts, asking: Asking, id: string, bundle: unknown) {
  try {
    return await writeRecords(parts.call, asking, bundle)
  } catch (error) {
    if (error instanceof AppError && error.status < 500) {
      await change(parts, asking, id, () => ({ status: 'open', outcome: undefined }))
    }
    throw error
  }
}

// First the decision is stored, then the records are written; a crash in between is made good by finishing again.
async function finish(parts: InterviewParts, asking: Asking, id: string, isBooked?: boolean): Promise<Running> {
  const decided = await change(parts, asking, id, (running) => {
    const { row } = running
    if (row.status === 'finished' || row.status === 'finishing') return {}
    requireOpen(row)
    return { status: 'finishing', outcome: outcomeOf(parts, asking, running, isBooked) }
  })
  const { outcome, status, patient } = decided.row
  if (status === 'finished' || outcome === undefined) return decided
  const records =
    outcome.bundle === null || patient === undefined ? undefined : await written(parts, asking, id, outcome.bundle)
  return change(parts, asking, id, () => ({
    status: 'finished',
    outcome: { ...outcome, ...(records === undefined ? {} : { records }) },
  }))
}

async function list(parts: InterviewParts, asking: Asking, wanted: Asked): Promise<readonly Running[]> {
  const { caller } = asking
  const patient = patientOf(caller, wanted.patient)
  const owner = isClinicalStaff(caller) || isBoundToPatient(caller) ? undefined : caller.subject
  const withheld = await parts.withheldFrom(caller)
  const rows = await listInterviews(parts.sql, { ...wanted, patient, owner, caller: caller.subject, withheld })
  const patients = [...new Set(rows.flatMap((row) => row.patient ?? []))]
  await parts.audit.record({
    ...asking,
    action: 'E',
    interaction: 'triage-interviews',
    outcome: 'success',
    status: 200,
    patients,
  })
  return Promise.all(rows.map(async (row) => ({ row, knowledge: await parts.knowledge.version(row.knowledgeVersion) })))
}

/** Creates the interviews of a process. */
export function createInterviews(parts: InterviewParts): Interviews {
  return {
    begin: (asking, beginning) => begin(parts, asking, beginning),
    list: (asking, wanted) => list(parts, asking, wanted),
    async read(asking, id) {
      const row = await readInterview(parts.sql, id)
      if (row === undefined || !isVisibleTo(row, asking, await parts.withheldFrom(asking.caller))) {
        throw new AppError('not-found', 'There is no interview with this id')
      }
      await parts.audit.record(entryOf(asking, row, 'R', 'triage-interview'))
      return { row, knowledge: await parts.knowledge.version(row.knowledgeVersion) }
    },
    answer: (asking, id, { finding, reply }) =>
      change(parts, asking, id, ({ row, knowledge }) => {
        requireOpen(row)
        return { state: answered(knowledge, row, finding, reply) }
      }),
    back: (asking, id) =>
      change(parts, asking, id, ({ row }) => {
        requireOpen(row)
        return row.state.answers.length === 0 ? {} : { state: withoutLast(row.state) }
      }),
    abandon: (asking, id) =>
      change(parts, asking, id, ({ row }) => {
        if (row.status === 'abandoned') return {}
        requireOpen(row)
        return { status: 'abandoned' }
      }),
    finish: (asking, id, isBooked) => finish(parts, asking, id, isBooked),
  }
}
