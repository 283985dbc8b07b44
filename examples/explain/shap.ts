// The article's explanation, over HTTP: an LSTM, background stays, one stay to explain, and its force plot as a file.
// Usage: node examples/explain/shap.ts [model] (a system must run and serve the model; see README.md beside this file)
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { caseMixes, drawIcuCohort, icuFeatures } from '@xinglin/core/federated/icu'

const url = process.env['XINGLIN_URL'] ?? 'http://127.0.0.1:8080'
const program = fileURLToPath(new URL('../../scripts/xinglin.mjs', import.meta.url))
const token =
  process.env['XINGLIN_TOKEN'] ??
  execFileSync(process.execPath, [program, 'token', '--role', 'data-scientist'], { encoding: 'utf8' }).trim()
const [model = 'icu_mortality_lstm'] = process.argv.slice(2)

/** Synthetic stays as JSON rows of [24][12]; null where nothing was measured. */
function stays(mixName: string, count: number, seed: number): readonly (readonly (readonly (number | null)[])[])[] {
  const mix = caseMixes.find(({ name }) => name === mixName)
  if (mix === undefined) throw new Error(`there is no case mix ${mixName}`)
  const { values } = drawIcuCohort({ seed, stays: count, mix })
  const width = icuFeatures.length
  return Array.from({ length: count }, (_, stay) =>
    Array.from({ length: 24 }, (_unused, step) => {
      const from = (stay * 24 + step) * width
      return Array.from(values.subarray(from, from + width), (value) => (Number.isNaN(value) ? null : value))
    }),
  )
}

interface Explained {
  readonly method: string
  readonly expected_value: readonly number[]
  readonly shap_values: readonly (readonly (readonly number[])[])[]
  readonly predictions: readonly (readonly number[])[]
  readonly feature_names: readonly string[]
  readonly plots: readonly { readonly svg: string }[]
  readonly statement: string
}

const answer = await fetch(`${url}/explain`, {
  method: 'POST',
  headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
  body: JSON.stringify({
    model,
    background: stays('cardiac-surgery', 8, 1),
    samples: stays('medical', 1, 2),
    feature_names: icuFeatures.map(({ name }) => name),
    plot: 'force',
  }),
})
if (!answer.ok) throw new Error(`/explain answered ${answer.status}: ${await answer.text()}`)
const explained = (await answer.json()) as Explained
const values = explained.shap_values[0]?.[0] ?? []
console.log(
  `${model}: ${explained.predictions[0]?.[0]?.toFixed(3)}, background ${explained.expected_value[0]?.toFixed(3)}`,
)
for (const [at, value] of [...values.entries()].toSorted(([, a], [, b]) => Math.abs(b) - Math.abs(a))) {
  console.log(
    `  ${(explained.feature_names[at] ?? '').padEnd(12)} ${value >= 0 ? '+' : '−'}${Math.abs(value).toFixed(4)}`,
  )
}
const file = join(tmpdir(), 'xinglin-force-plot.svg')
writeFileSync(file, explained.plots[0]?.svg ?? '')
console.log(`Method ${explained.method}. Force plot: ${file}\n${explained.statement}`)
