// Starts an experiment on the running system, follows it, and prints what it showed.
// Usage: node examples/chaos/start.ts <document.yaml>   (a split system must run with CHAOS=true; see README.md)
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

interface Told {
  readonly state: string
  readonly reason: string | null
  readonly timeline: readonly { readonly atMs: number; readonly step: string; readonly detail: string }[]
  readonly report: {
    readonly during: {
      readonly idempotent: { readonly good: number; readonly requests: number; readonly p99Ms: number }
    }
  } | null
}

const [path = ''] = process.argv.slice(2)
const url = process.env['XINGLIN_URL'] ?? 'http://127.0.0.1:8080'
const program = fileURLToPath(new URL('../../scripts/xinglin.mjs', import.meta.url))
const token =
  process.env['XINGLIN_TOKEN'] ??
  execFileSync(process.execPath, [program, 'token', '--role', 'operator'], { encoding: 'utf8' }).trim()
const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }

async function ask<T>(address: string, body?: object): Promise<T> {
  const answer = await fetch(`${url}${address}`, {
    headers,
    ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
  })
  if (!answer.ok) throw new Error(`${address} answered ${answer.status}: ${await answer.text()}`)
  return (await answer.json()) as T
}

const { id } = await ask<{ id: string }>('/chaos/experiments', { document: readFileSync(path, 'utf8') })
let shown = 0
for (;;) {
  const { state, reason, timeline, report } = await ask<Told>(`/chaos/experiments/${id}`)
  for (const { atMs, step, detail } of timeline.slice(shown))
    console.log(`${(atMs / 1000).toFixed(1)} s  ${step}: ${detail}`)
  shown = timeline.length
  if (state !== 'running') {
    const { good = 0, requests = 0, p99Ms = 0 } = report?.during.idempotent ?? {}
    console.log(
      `${state}: ${good} of ${requests} succeeded, 99 % within ${p99Ms} ms${reason === null ? '' : `; ${reason}`}`,
    )
    break
  }
  await pause(500)
}
