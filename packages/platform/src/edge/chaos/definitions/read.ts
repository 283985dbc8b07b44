// Reads Chaos Mesh documents: YAML in, experiments out; every fault of a document is named with its path.
import { AppError } from '@xinglin/core/errors'
import type { TSchema } from 'typebox'
import { Value } from 'typebox/value'
import { parseAllDocuments } from 'yaml'
import type { Experiment, Step } from './experiment.ts'
import { networkInjection, podInjection, type Refuse, stressInjection } from './faults.ts'
import { networkSchema, podSchema, statusCheckSchema, stressSchema, workflowSchema } from './schema.ts'
import { readSteadyState } from './steady-state.ts'
import { statusCheckOf, workflowRoot } from './workflow.ts'

type Record_ = Readonly<Record<string, unknown>>

const apiVersion = 'chaos-mesh.org/v1alpha1'
const maxCharacters = 262_144
const maxDocuments = 50

interface Kind {
  readonly schema: TSchema
  /** The fields have been checked against `schema`. */
  readonly read: (name: string, spec: never, refuse: Refuse) => Step | undefined
}

const kinds: Readonly<Record<string, Kind>> = {
  NetworkChaos: { schema: networkSchema, read: (name, spec, refuse) => networkInjection(name, spec, 'spec', refuse) },
  PodChaos: { schema: podSchema, read: (name, spec, refuse) => podInjection(name, spec, 'spec', refuse) },
  StressChaos: { schema: stressSchema, read: (name, spec, refuse) => stressInjection(name, spec, 'spec', refuse) },
  Workflow: { schema: workflowSchema, read: (_name, spec, refuse) => workflowRoot(spec, refuse) },
  StatusCheck: {
    schema: statusCheckSchema,
    read: (name, spec, refuse) => ({
      kind: 'check',
      name,
      deadlineMs: undefined,
      check: statusCheckOf(spec, 'spec', refuse),
      aborts: true,
    }),
  },
}

const elsewhere: Readonly<Record<string, string>> = {
  Schedule: 'A Schedule is not run here: let cron (or a CronJob) call `xinglin chaos run` at its times',
  HTTPChaos: 'HTTPChaos cannot be run here: the fault proxy does not read HTTP; use NetworkChaos or PodChaos',
}

interface Finding {
  readonly keyword: string
  readonly instancePath: string
  readonly message: string
  readonly params?: unknown
}

function pathOf(pointer: string): string {
  const parts = pointer.split('/').slice(1)
  return parts.map((part) => (/^\d+$/.test(part) ? `[${part}]` : `.${part.replaceAll('~1', '/')}`)).join('')
}

function wordsOf({ keyword, message, params }: Finding): string {
  const allowed = (params as { readonly allowedValues?: readonly unknown[] } | undefined)?.allowedValues
  if (keyword === 'boolean') return 'is no field of it; take it away or correct its name'
  return keyword === 'enum' && allowed !== undefined ? `must be one of ${allowed.join(', ')}` : message
}

function isRecord(value: unknown): value is Record_ {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function checkSchema(schema: TSchema, spec: unknown, refuse: Refuse): boolean {
  const findings = (Value.Errors(schema, spec) as readonly Finding[]).filter(
    ({ keyword }) => keyword !== 'additionalProperties',
  )
  for (const finding of findings) refuse(`spec${pathOf(finding.instancePath)}`, wordsOf(finding))
  return findings.length === 0
}

function annotationsOf(metadata: Record_): Readonly<Record<string, string>> {
  const { annotations } = metadata
  if (!isRecord(annotations)) return {}
  return Object.fromEntries(Object.entries(annotations).map(([key, value]) => [key, String(value)]))
}

function readDocument(document: Record_, refuse: Refuse): Experiment | undefined {
  const { apiVersion: version, kind, metadata, spec, ...unknown } = document
  for (const name of Object.keys(unknown)) refuse(name, 'is no field of a Chaos Mesh document')
  if (version !== apiVersion) refuse('apiVersion', `must be ${apiVersion}`)
  const known = typeof kind === 'string' ? kinds[kind] : undefined
  if (known === undefined) {
    refuse('kind', elsewhere[String(kind)] ?? `${kind} cannot be run here; there are ${Object.keys(kinds).join(', ')}`)
  }
  const about = isRecord(metadata) ? metadata : {}
  const { name } = about
  if (typeof name !== 'string' || !/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/.test(name)) {
    refuse('metadata.name', 'must be a name of small letters, digits and dashes')
  }
  const annotations = annotationsOf(about)
  const steadyState = readSteadyState(annotations, refuse)
  if (known === undefined || !checkSchema(known.schema, spec, refuse)) return undefined
  const root = known.read(String(name), spec as never, refuse)
  if (root === undefined) return undefined
  const title = annotations['xinglin/title'] ?? String(name)
  return { name: String(name), kind: String(kind), title, root, steadyState }
}

/**
 * Reads every document of a file.
 * @throws AppError 'unprocessable' that names each fault with its path
 */
export function readExperiments(text: string, source = 'document'): readonly Experiment[] {
  const faults: string[] = []
  if (text.length > maxCharacters)
    throw new AppError('unprocessable', `${source} is longer than ${maxCharacters} characters`)
  const parsed = parseAllDocuments(text, { maxAliasCount: 0 } as object)
  const documents = Array.isArray(parsed) ? parsed : []
  if (documents.length > maxDocuments)
    throw new AppError('unprocessable', `${source} has more than ${maxDocuments} documents`)
  const experiments = documents.flatMap((document, index) => {
    const at = documents.length > 1 ? `${source}, document ${index + 1}` : source
    const refuse: Refuse = (path, why) => void faults.push(`${at}: ${path} ${why}`)
    for (const error of document.errors) faults.push(`${at}: ${error.message.split('\n')[0]}`)
    if (document.errors.length > 0) return []
    const content: unknown = document.toJS({ maxAliasCount: 0 })
    if (content === null) return []
    if (!isRecord(content)) {
      faults.push(`${at}: must be a Chaos Mesh document`)
      return []
    }
    return readDocument(content, refuse) ?? []
  })
  if (faults.length === 0 && experiments.length === 0) faults.push(`${source}: holds no experiment`)
  if (faults.length > 0) throw new AppError('unprocessable', faults.slice(0, 20).join('\n'))
  return experiments
}
