// HTTP of the knowledge: what is active and where it comes from, its versions, and their editing and activation by admins.
import { AppError } from '@xinglin/core/errors'
import type { FastifyPluginAsync, FastifyRequest } from 'fastify'
import { type Static, Type } from 'typebox'
import type { Audit, AuditEntry } from '../../../kernel/ports.ts'
import type {} from '../../../kernel/service.ts'
import type { Sql, Tx } from '../../../kernel/sql.ts'
import { requireEditor, requireTriage } from '../access.ts'
import { type KnowledgeChange, withChanges } from './edit.ts'
import type { Knowledge } from './knowledge.ts'
import { checksumOf } from './seed.ts'
import {
  activateVersion,
  activeVersion,
  insertVersion,
  listVersions,
  lockVersions,
  readVersion,
  versionByChecksum,
} from './store.ts'

/** What the routes need. */
export interface KnowledgeRouteParts {
  readonly sql: Sql
  readonly audit: Audit
  readonly knowledge: Knowledge
}

const base = '/api/v1/triage/knowledge'
const bodyLimit = 1_048_576
const Cells = Type.Record(Type.String({ maxLength: 50 }), Type.String({ maxLength: 4000 }))
const Change = Type.Union([
  Type.Object({ table: Type.String({ maxLength: 50 }), set: Cells }),
  Type.Object({ table: Type.String({ maxLength: 50 }), remove: Cells }),
])
const EditBody = Type.Object({
  label: Type.String({ minLength: 1, maxLength: 200 }),
  changes: Type.Array(Change, { minItems: 1, maxItems: 1000 }),
})
const Address = Type.Object({ version: Type.Integer({ minimum: 1, maximum: 2_147_483_647 }) })

function entryOf({ caller, traceId }: FastifyRequest, version: number, interaction: string): AuditEntry {
  const entities = [`triage-knowledge/${version}`]
  return { caller, traceId, action: 'U', interaction, outcome: 'success', status: 200, entities }
}

// The new version rests on the active one; the database's own constraints are the last word.
async function edit(tx: Tx, parts: KnowledgeRouteParts, request: FastifyRequest<{ Body: Static<typeof EditBody> }>) {
  await lockVersions(tx)
  const active = await activeVersion(tx)
  if (active === undefined) throw new AppError('unavailable', 'The knowledge of triage is not loaded yet')
  const { label, changes } = request.body
  const rows = withChanges(await readVersion(tx, active.version), changes as readonly KnowledgeChange[])
  const checksum = checksumOf(rows)
  const known = await versionByChecksum(tx, checksum)
  const fresh = { rows, checksum, label, origin: 'edit', createdBy: request.caller.subject } as const
  const version = known ?? (await insertVersion(tx, fresh))
  await parts.audit.append(tx, [entryOf(request, version, 'knowledge-edit')])
  return { version, based_on: active.version, is_new: known === undefined }
}

async function activate(tx: Tx, parts: KnowledgeRouteParts, request: FastifyRequest, version: number) {
  await lockVersions(tx)
  const known = (await listVersions(tx)).some((one) => one.version === version)
  if (!known) throw new AppError('not-found', `There is no version ${version} of the knowledge`)
  await activateVersion(tx, version, request.caller.subject)
  await parts.audit.append(tx, [entryOf(request, version, 'knowledge-activate')])
  return { active: version }
}

/** The routes. */
export function knowledgeRoutes(parts: KnowledgeRouteParts): FastifyPluginAsync {
  const { sql, knowledge } = parts
  return async (app) => {
    app.get(base, async (request) => {
      requireTriage(request.caller)
      const { graph, version } = await knowledge.active()
      const { facts } = graph
      return {
        version,
        conditions: facts.conditions.length,
        findings: facts.findings.length,
        edges: facts.presentsIn.length,
        departments: facts.departments.map(({ id, name }) => ({ id, ...name })),
        red_flags: { all: facts.redFlags.length, with_source: facts.redFlags.filter((one) => one.source).length },
        sources: facts.sources,
      }
    })
    app.get(`${base}/versions`, async (request) => {
      requireEditor(request.caller)
      return { versions: await listVersions(sql) }
    })
    app.post<{ Body: Static<typeof EditBody> }>(
      `${base}/versions`,
      { bodyLimit, schema: { body: EditBody } },
      async (request, reply) => {
        requireEditor(request.caller)
        const answer = await sql.transaction((tx) => edit(tx, parts, request))
        reply.code(answer.is_new ? 201 : 200)
        return answer
      },
    )
    app.post<{ Params: Static<typeof Address> }>(
      `${base}/versions/:version/activate`,
      { schema: { params: Address } },
      async (request) => {
        requireEditor(request.caller)
        return sql.transaction((tx) => activate(tx, parts, request, request.params.version))
      },
    )
  }
}
