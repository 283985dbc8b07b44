// The work that may run in a worker thread: data in, data out.
import { AppError, type Issue } from '@xinglin/core/errors'
import type { Resource } from '@xinglin/core/fhir'
import type { Answers } from '../bundle/addresses.ts'
import { type Plan, planBundle } from '../bundle/plan.ts'
import { applyPatch } from '../write/patch.ts'
import { buffersOf } from './columns.ts'
import { findingsAbout } from './findings-about.ts'
import { type Parsed, parseResource } from './parse-body.ts'
import { prepareRecords } from './prepare-record.ts'
import type { Prepared, PrepareTools } from './types.ts'

/** Where one resource is to be stored; `id` null gives it a new one. */
export interface RecordTarget {
  readonly type: string
  readonly id: string | null
  readonly baseUrl: string
}

/** A resource to prepare. */
export interface RecordJob extends RecordTarget {
  readonly kind: 'record'
  readonly text: string
}

/** A Bundle to plan; `answers` null when its conditions have not been decided. */
export interface BundleJob {
  readonly kind: 'bundle'
  readonly text: string
  readonly baseUrl: string
  readonly maxEntries: number
  readonly types: readonly string[]
  readonly answers: Answers | null
}

/** A record to change by a JSON Patch and to prepare. */
export interface PatchJob extends RecordTarget {
  readonly kind: 'patch'
  /** The record as it is. */
  readonly text: string
  readonly operations: readonly unknown[]
}

/** A resource to judge only. */
export interface ValidationJob {
  readonly kind: 'validation'
  readonly text: string
  readonly type: string
}

/** A job for {@link runJob}. */
export type Job = RecordJob | BundleJob | PatchJob | ValidationJob

/** What comes of a job. */
export type JobResult = Prepared | Plan | { readonly kind: 'findings'; readonly findings: readonly Issue[] }

/** Runs a job. Throws AppError for what the sender of the body did wrong. */
export function runJob(job: Job, tools: PrepareTools): JobResult {
  switch (job.kind) {
    case 'record':
      return prepareParsed(parseResource(job.text), job, tools)
    case 'patch':
      return prepareParsed(parseResource(applyPatch(job.text, job.operations)), job, tools)
    case 'validation':
      return { kind: 'findings', findings: findingsAbout(job.text, job.type, tools.validate) }
    case 'bundle': {
      const { text, baseUrl, maxEntries, answers } = job
      const types = new Set(job.types)
      return planBundle(text, { tools, baseUrl, maxEntries, types, ...(answers === null ? {} : { answers }) })
    }
    default:
      return job satisfies never
  }
}

/** Prepares one resource that is to be stored as `type`, with the id of the address or a new one. */
export function prepareOne(resource: Resource, target: RecordTarget, tools: PrepareTools): Prepared {
  return prepareParsed({ value: resource, decimals: [] }, target, tools)
}

function prepareParsed(
  { value: resource, decimals }: Parsed<Resource>,
  target: RecordTarget,
  tools: PrepareTools,
): Prepared {
  if (resource.resourceType !== target.type) {
    const message = `The address takes a ${target.type}, but the body is a ${String(resource.resourceType).slice(0, 64)}`
    throw new AppError('invalid-request', message)
  }
  if (target.id !== null && resource.id !== target.id) {
    throw new AppError('invalid-request', `The body must have the id ${target.id} of the address`)
  }
  const drafts = [{ resource, id: target.id ?? tools.newId() }]
  return prepareRecords(drafts, { tools, baseUrl: target.baseUrl }, decimals)
}

/** The buffers of a result that may be moved instead of copied. */
export function transferOf(result: JobResult): readonly ArrayBuffer[] {
  if ('columns' in result) return buffersOf(result.columns)
  return result.kind === 'transaction' ? buffersOf(result.prepared.columns) : []
}
