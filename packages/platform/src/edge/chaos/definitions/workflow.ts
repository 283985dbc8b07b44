// A Workflow of Chaos Mesh as a tree of steps (pure).
import type { StatusCheck, Step } from './experiment.ts'
import { networkInjection, optionalTime, podInjection, type Refuse, stressInjection } from './faults.ts'
import type { WrittenCheck, WrittenTemplate, WrittenWorkflow } from './schema.ts'

const maxDepth = 10
const kinds = ['Serial', 'Parallel', 'Suspend', 'StatusCheck', 'NetworkChaos', 'PodChaos', 'StressChaos']
const elsewhere: Readonly<Record<string, string>> = {
  Task: 'needs a container; use a StatusCheck with abortWithStatusCheck for a condition',
  Schedule: 'is not run here: let cron (or a CronJob) call `xinglin chaos run` at its times',
}

interface Reading {
  readonly templates: ReadonlyMap<string, { readonly template: WrittenTemplate; readonly path: string }>
  readonly refuse: Refuse
}

function statusesOf(text: string): StatusCheck['statuses'] | undefined {
  const ranges = text.split(',').map((part): readonly [number, number] => {
    const [first = '', last = first] = part.trim().split('-')
    return [Number(first), Number(last)]
  })
  const isSound = ranges.every(([first, last]) => first >= 100 && last <= 599 && first <= last)
  return isSound ? ranges : undefined
}

/** Reads a StatusCheck. */
export function statusCheckOf(written: WrittenCheck, path: string, refuse: Refuse): StatusCheck {
  const { http } = written
  if (http === undefined) refuse(`${path}.http`, 'must be given')
  if (http !== undefined && !/^https?:$/.test(URL.parse(http.url)?.protocol ?? '')) {
    refuse(`${path}.http.url`, 'must be an http address')
  }
  const statuses = statusesOf(http?.criteria.statusCode ?? '200')
  if (statuses === undefined) refuse(`${path}.http.criteria.statusCode`, 'must be a status such as 200, or 200-299')
  return {
    url: http?.url ?? '',
    method: http?.method ?? 'GET',
    headers: (http?.headers ?? {}) as StatusCheck['headers'],
    body: http?.body,
    statuses: statuses ?? [],
    isContinuous: written.mode === 'Continuous',
    intervalMs: (written.intervalSeconds ?? 10) * 1000,
    timeoutMs: (written.timeoutSeconds ?? 1) * 1000,
    failureThreshold: written.failureThreshold ?? 3,
    successThreshold: written.successThreshold ?? 1,
  }
}

function group(template: WrittenTemplate, path: string, depth: number, reading: Reading): Step {
  const children = template.children ?? []
  if (children.length === 0) reading.refuse(`${path}.children`, 'must name at least one template')
  return {
    kind: template.templateType === 'Serial' ? 'serial' : 'parallel',
    name: template.name,
    deadlineMs: optionalTime(template.deadline, `${path}.deadline`, reading.refuse),
    children: children.flatMap((name, at) => stepOf(name, `${path}.children[${at}]`, depth + 1, reading) ?? []),
  }
}

function injectionOf(template: WrittenTemplate, path: string, { refuse }: Reading): Step | undefined {
  const { name, templateType, networkChaos, podChaos, stressChaos, deadline } = template
  const made = (): Extract<Step, { kind: 'injection' }> | undefined => {
    if (templateType === 'NetworkChaos' && networkChaos !== undefined)
      return networkInjection(name, networkChaos, `${path}.networkChaos`, refuse)
    if (templateType === 'PodChaos' && podChaos !== undefined)
      return podInjection(name, podChaos, `${path}.podChaos`, refuse)
    if (templateType === 'StressChaos' && stressChaos !== undefined)
      return stressInjection(name, stressChaos, `${path}.stressChaos`, refuse)
    refuse(path, `must have the fields of its type ${templateType}`)
    return undefined
  }
  const step = made()
  const limitMs = optionalTime(deadline, `${path}.deadline`, refuse)
  if (step === undefined || limitMs === undefined) return step
  return { ...step, durationMs: Math.min(limitMs, step.durationMs ?? limitMs) }
}

function stepOf(name: string, at: string, depth: number, reading: Reading): Step | undefined {
  const { refuse } = reading
  const found = reading.templates.get(name)
  if (found === undefined || depth > maxDepth) {
    refuse(at, found === undefined ? `names no template: ${name}` : 'leads in a circle, or deeper than 10')
    return undefined
  }
  const { template, path } = found
  const { templateType, deadline } = template
  if (templateType === 'Serial' || templateType === 'Parallel') {
    return group(template, path, depth, reading)
  }
  const deadlineMs = optionalTime(deadline, `${path}.deadline`, refuse)
  if (templateType === 'Suspend') {
    if (deadlineMs === undefined) refuse(`${path}.deadline`, 'must be given: how long to wait')
    return { kind: 'pause', name, durationMs: deadlineMs ?? 0 }
  }
  if (templateType === 'StatusCheck') {
    if (template.statusCheck === undefined) {
      refuse(`${path}.statusCheck`, 'must be given')
      return undefined
    }
    const check = statusCheckOf(template.statusCheck, `${path}.statusCheck`, refuse)
    return { kind: 'check', name, deadlineMs, check, aborts: template.abortWithStatusCheck === true }
  }
  if (kinds.includes(templateType)) return injectionOf(template, path, reading)
  refuse(
    `${path}.templateType`,
    `${templateType} ${elsewhere[templateType] ?? `cannot be run here; there are ${kinds.join(', ')}`}`,
  )
  return undefined
}

/** Reads a Workflow. */
export function workflowRoot(spec: WrittenWorkflow, refuse: Refuse): Step | undefined {
  const templates = new Map(
    spec.templates.map((template, at) => [template.name, { template, path: `spec.templates[${at}]` }]),
  )
  if (templates.size < spec.templates.length) refuse('spec.templates', 'must have names of their own')
  return stepOf(spec.entry, 'spec.entry', 0, { templates, refuse })
}
