// What the map and the timeline are drawn from (pure).
import type { Experiment, HouseMap, MappedService } from '../../api/chaos.ts'
import type { Target } from '../../api/targets.ts'

/** The goal of success, 0 to 1. */
export const successGoal = 0.999

/** A share as a percentage that never rounds up to a goal that was missed. */
export function percentText(share: number): string {
  return `${(Math.floor(share * 10_000) / 100).toFixed(2)} %`
}

/** Where a service is drawn; units of the drawing. */
export interface Place {
  readonly name: string
  readonly x: number
  readonly y: number
  readonly isWell: boolean
}

/** Size of the drawing and of a box in it. */
export const drawing = { width: 720, boxWidth: 112, boxHeight: 28, rowHeight: 46, columns: 4 } as const

/** Places services in rows, the gateway above all, in the order in which they start. */
export function placesOf(services: readonly MappedService[]): readonly Place[] {
  const { width, boxWidth, rowHeight, columns } = drawing
  const others = services.filter(({ name }) => name !== 'gateway')
  const gateway = services.find(({ name }) => name === 'gateway')
  const step = (width - boxWidth) / (columns - 1)
  const placed = others.map(({ name, reasons, replicas }, index) => ({
    name,
    x: Math.round((index % columns) * step),
    y: rowHeight * 1.6 + Math.floor(index / columns) * rowHeight,
    isWell: reasons.length === 0 && replicas > 0,
  }))
  const top = { name: 'gateway', x: Math.round((width - boxWidth) / 2), y: 4, isWell: gateway?.reasons.length === 0 }
  return gateway === undefined ? placed : [top, ...placed]
}

/** The names that a service calls, in order. */
export function calledBy(name: string, { calls }: HouseMap): readonly string[] {
  return calls
    .filter(({ from }) => from === name)
    .map(({ to }) => to)
    .toSorted()
}

/** One minute of the house. */
export interface MinuteBar {
  /** Minutes before now, 0 to 59. */
  readonly ago: number
  readonly requests: number
  readonly failed: number
}

const minuteMs = 60_000
const minutes = 60

/** The requests of all services by minute. */
export function minuteBars({ services }: HouseMap, nowMs: number): readonly MinuteBar[] {
  const bars = Array.from({ length: minutes }, (_, ago) => ({ ago, requests: 0, failed: 0 }))
  for (const { at, requests, failed } of services.flatMap((service) => service.minutes)) {
    const bar = bars[Math.floor((nowMs - Date.parse(at)) / minuteMs)]
    if (bar === undefined) continue
    bar.requests += requests
    bar.failed += failed
  }
  return bars
}

/** A stretch of the last hour in minutes before now. */
export interface Band {
  readonly id: string
  readonly name: string
  readonly fromAgo: number
  readonly toAgo: number
}

/** The experiments that fall into the last hour. */
export function bandsOf(experiments: readonly Experiment[], nowMs: number): readonly Band[] {
  return experiments.flatMap(({ id, name, startedAt, endedAt }) => {
    const fromAgo = (nowMs - Date.parse(startedAt)) / minuteMs
    const toAgo = Math.max(0, (nowMs - (endedAt === null ? nowMs : Date.parse(endedAt))) / minuteMs)
    return toAgo >= minutes ? [] : [{ id, name, fromAgo: Math.min(minutes, fromAgo), toAgo }]
  })
}

const isAmiss = ({ isInUse, health, circuit }: Target): boolean =>
  !isInUse || health === 'unhealthy' || circuit !== 'closed'

/** Targets that something is amiss with first, then those in other places, then those in the gateway's process. */
export function worstFirst(targets: readonly Target[]): readonly Target[] {
  const rank = (target: Target): number => (isAmiss(target) ? 0 : target.kind === 'local' ? 2 : 1)
  return targets.toSorted((one, other) => rank(one) - rank(other))
}
