// Plays the steps of an experiment on a field; whatever happens, what was done is taken back.
import { setTimeout as pause } from 'node:timers/promises'
import { AppError } from '@xinglin/core/errors'
import type { Injection, Step } from '../definitions/experiment.ts'
import { chooseInstances } from './choose.ts'
import type { Field, FieldInstance } from './field.ts'
import { runCheck } from './status-check.ts'

/** Something that happened, for the timeline. */
export interface Occurrence {
  readonly atMs: number
  readonly kind: 'injected' | 'healed' | 'checked' | 'waiting' | 'failed'
  readonly step: string
  readonly detail: string
}

/** What playing takes. */
export interface Playing {
  readonly field: Field
  readonly signal: AbortSignal
  /** Ends the whole experiment with a reason. */
  readonly abort: (reason: string) => void
  readonly tell: (occurrence: Omit<Occurrence, 'atMs'>) => void
  readonly random: () => number
  /** How long a lasting fault without a duration stays. */
  readonly usualMs: number
}

/** How long a kill is watched that has no duration: a pod is back by then. */
const afterKillMs = 10_000
const names = (instances: readonly FieldInstance[]): string =>
  instances.map(({ service, process }) => process ?? service).join(', ') || 'nobody'

async function rest(ms: number, signal: AbortSignal): Promise<void> {
  await pause(ms, undefined, { signal }).catch(() => undefined)
}

function lastsMsOf({ fault, durationMs }: Injection, usualMs: number): number {
  return durationMs ?? (fault.kind === 'kill' ? afterKillMs : usualMs)
}

type Undo = (() => Promise<void>) | undefined

async function inject(injection: Injection, playing: Playing): Promise<Undo> {
  const { field, random, tell } = playing
  const { name, choice, fault } = injection
  const all = await field.instances()
  const met = chooseInstances(choice, all, random)
  const id = `${name}-${Math.floor(random() * 1e9)}`
  const said = (detail: string): void => tell({ kind: 'injected', step: name, detail: `${detail}: ${names(met)}` })
  switch (fault.kind) {
    case 'network': {
      const peers = fault.target === undefined ? undefined : chooseInstances(fault.target, all, random)
      const { direction, traffic, action } = fault
      // A cut needs one direction only: without acknowledgements nothing goes the other way either.
      const isBoth = direction === 'both' || traffic.isCut === true
      const inbound = isBoth || direction === 'from' ? traffic : undefined
      const outbound = isBoth || direction === 'to' ? traffic : undefined
      await field.harm({ id, instances: met, inbound, outbound, peers })
      said(`${action}${peers === undefined ? '' : ` towards ${names(peers)}`}`)
      return () => field.heal(id)
    }
    case 'stress':
      await field.stress(id, fault)
      said('stress')
      return () => field.heal(id)
    case 'kill':
      said('kill')
      await field.kill(met, fault.graceMs)
      return undefined
    case 'failure':
      await field.freeze(met)
      said('failure')
      return () => field.thaw(met)
    default:
      return fault satisfies never
  }
}

async function playInjection(injection: Injection, playing: Playing): Promise<void> {
  const undo = await inject(injection, playing)
  const lastsMs = lastsMsOf(injection, playing.usualMs)
  try {
    await rest(lastsMs, playing.signal)
  } finally {
    await undo?.()
    playing.tell({
      kind: 'healed',
      step: injection.name,
      detail: undo === undefined ? 'nothing to take back' : 'taken back',
    })
  }
}

async function playCheck(step: Extract<Step, { kind: 'check' }>, playing: Playing): Promise<void> {
  const outcome = await runCheck(step.check, {
    signal: playing.signal,
    resolve: playing.field.resolve,
    limitMs: step.deadlineMs ?? playing.usualMs,
  })
  playing.tell({ kind: outcome.isWell ? 'checked' : 'failed', step: step.name, detail: outcome.detail })
  if (!outcome.isWell && step.aborts && !playing.signal.aborted) playing.abort(`${step.name}: ${outcome.detail}`)
}

async function playGroup(step: Extract<Step, { kind: 'serial' | 'parallel' }>, playing: Playing): Promise<void> {
  const limit = new AbortController()
  const signal = AbortSignal.any([playing.signal, limit.signal])
  const timer = step.deadlineMs === undefined ? undefined : setTimeout(() => limit.abort(), step.deadlineMs)
  const own = { ...playing, signal }
  try {
    if (step.kind === 'serial') for (const child of step.children) await play(child, own)
    else {
      // One that fails must not leave the others alone: all are waited for, so that all is taken back.
      const played = await Promise.allSettled(step.children.map((child) => play(child, own)))
      const failed = played.find((one) => one.status === 'rejected')
      if (failed !== undefined) throw failed.reason
    }
  } finally {
    clearTimeout(timer)
  }
}

/** Plays a step; resolves when it is over and taken back. @throws AppError when it cannot be done */
export async function play(step: Step, playing: Playing): Promise<void> {
  if (playing.signal.aborted) return
  switch (step.kind) {
    case 'injection':
      return playInjection(step, playing)
    case 'serial':
    case 'parallel':
      return playGroup(step, playing)
    case 'pause':
      playing.tell({ kind: 'waiting', step: step.name, detail: `${step.durationMs / 1000} s` })
      return rest(step.durationMs, playing.signal)
    case 'check':
      return playCheck(step, playing)
    default:
      return step satisfies never
  }
}

/** How long an experiment takes when nothing ends it sooner. */
export function plannedMs(step: Step, usualMs: number): number {
  switch (step.kind) {
    case 'injection':
      return lastsMsOf(step, usualMs)
    case 'pause':
      return step.durationMs
    case 'check':
      return step.check.isContinuous ? (step.deadlineMs ?? usualMs) : 0
    case 'serial':
    case 'parallel': {
      const each = step.children.map((child) => plannedMs(child, usualMs))
      const all = step.kind === 'serial' ? each.reduce((sum, ms) => sum + ms, 0) : Math.max(0, ...each)
      return Math.min(all, step.deadlineMs ?? all)
    }
    default:
      throw new AppError('internal', String(step satisfies never))
  }
}
