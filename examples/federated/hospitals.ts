// A federation from your own program: three hospitals estimate one mean blood pressure model, each from its own patients.
// Usage: node examples/federated/hospitals.ts (a system must run; see README.md beside this file)
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { seededRandom } from '@xinglin/core/cohort'
import type { Weights } from '@xinglin/core/federated'
import { joinFederation, type SiteWork } from '../../packages/platform/src/ai/federated/site/index.ts'

const url = process.env['XINGLIN_URL'] ?? 'http://127.0.0.1:8080'
const program = fileURLToPath(new URL('../../scripts/xinglin.mjs', import.meta.url))
const token =
  process.env['XINGLIN_TOKEN'] ??
  execFileSync(process.execPath, [program, 'token', '--role', 'data-scientist'], { encoding: 'utf8' }).trim()

async function ask<T>(path: string, body?: object): Promise<T> {
  const answer = await fetch(`${url}/api/v1/federations${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${await answer.text()}`)
  return (await answer.json()) as T
}

// Systolic pressure by age: intercept and slope per decade over 50, by gradient descent on the hospital's own patients.
function hospital(seed: number, patients: number): SiteWork {
  const random = seededRandom(seed)
  const own = Array.from({ length: patients }, () => {
    const decades = random.normal(seed / 2, 1.5)
    return { decades, pressure: 128 + 5 * decades + random.normal(0, 9) }
  })
  const errorOf = ([start = 0, slope = 0]: readonly number[]) =>
    own.reduce((sum, { decades, pressure }) => sum + (start + slope * decades - pressure) ** 2, 0) / patients
  return {
    parameters: async (): Promise<Weights> => [{ type: 'float64', shape: [2], data: Float64Array.of(100, 0) }],
    async fit([line]) {
      const at = Float64Array.from((line?.data ?? []) as Float64Array)
      for (let step = 0; step < 8; step++) {
        const gradient = [0, 0]
        for (const { decades, pressure } of own) {
          const error = (at[0] ?? 0) + (at[1] ?? 0) * decades - pressure
          gradient[0] = (gradient[0] ?? 0) + error / patients
          gradient[1] = (gradient[1] ?? 0) + (error * decades) / patients
        }
        at.forEach((value, index) => {
          at[index] = value - 0.05 * (gradient[index] ?? 0)
        })
      }
      return { weights: [{ type: 'float64', shape: [2], data: at }], examples: patients, metrics: {} }
    },
    async evaluate([line]) {
      return { loss: errorOf(Array.from((line?.data ?? []) as Float64Array)), examples: patients, metrics: {} }
    },
  }
}

interface Federation {
  readonly id: string
  readonly state: string
  readonly flower: { readonly port: number }
  readonly sites: readonly { readonly name: string; readonly bytesReceived: number }[]
}

const { id, flower } = await ask<Federation>('', { name: 'blood pressure by age', rounds: 3, minSites: 3 })
const joined = await Promise.all(
  [40, 200, 90].map(async (patients, index) => {
    const site = await ask<{ readonly token: string }>(`/${id}/sites`, { name: `hospital ${index + 1}` })
    const address = `${new URL(url).hostname}:${flower.port}`
    return () => joinFederation({ address, token: site.token, work: hospital(index + 1, patients) })
  }),
)
const working = Promise.all(joined.map((join) => join()))
await fetch(`${url}/api/v1/federations/${id}/start`, {
  method: 'POST',
  headers: { authorization: `Bearer ${token}` },
})
await working
const { rounds } = await ask<{ readonly rounds: readonly { readonly number: number; readonly loss: number | null }[] }>(
  `/${id}/rounds`,
)
for (const { number, loss } of rounds)
  if (loss !== null) console.log(`round ${number}: mean squared error ${loss.toFixed(2)}`)
for (const { name, bytesReceived } of (await ask<Federation>(`/${id}`)).sites) {
  console.log(`${name} sent ${bytesReceived} bytes, and no patient`)
}
