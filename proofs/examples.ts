// Proof: every official R4 example is accepted by the validator, but for a listed few that break the specification.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import type { Resource } from '@xinglin/core/fhir'
import { validateResource } from '@xinglin/core/fhir/validation'
import { refusedExamples } from '../packages/core/src/fhir/validation/testing/refused-examples.ts'
import type { Proof } from './proof.ts'

/** What a part of the examples showed. */
export interface ExamplesReport {
  readonly examples: number
  readonly cpuMs: number
  /** Refused examples with the rules that they break, `file: rule, rule`. */
  readonly refused: readonly string[]
}

const folder = new URL('../node_modules/hl7.fhir.r4.examples/', import.meta.url)

/** The files of the test-only package with the examples; undefined when it is not installed. */
export function exampleFiles(): readonly string[] | undefined {
  if (!existsSync(folder)) return undefined
  return readdirSync(folder).filter(
    (file) => file.endsWith('.json') && file !== 'package.json' && !file.startsWith('.'),
  )
}

/** Validates the examples in the files; files that hold no resource are passed over. */
export function checkExamples(files: readonly string[]): ExamplesReport {
  const refused: string[] = []
  let examples = 0
  let cpuMs = 0
  for (const file of files) {
    const resource = JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as Resource
    if (typeof resource.resourceType !== 'string') continue
    examples += 1
    const start = process.cpuUsage()
    const errors = validateResource(resource).filter(({ severity }) => severity === 'error')
    const { user, system } = process.cpuUsage(start)
    cpuMs += (user + system) / 1000
    const rules = [...new Set(errors.map(({ rule }) => rule))].sort()
    if (rules.length > 0) refused.push(`${file.replace(/\.json$/, '')}: ${rules.join(', ')}`)
  }
  return { examples, cpuMs: Math.round(cpuMs), refused: refused.sort() }
}

/** The examples that are to be refused, as {@link checkExamples} reports them. */
export function expectedRefusals(): readonly string[] {
  const files = new Set(refusedExamples.flatMap((each) => each.files))
  return [...files]
    .map(
      (file) =>
        `${file}: ${refusedExamples.flatMap((each) => (each.files.includes(file) ? [each.rule] : [])).join(', ')}`,
    )
    .sort()
}

const chunks = 6

/** Validates all examples, an equal part in each chunk. */
export const examplesProof: Proof<ExamplesReport> = {
  name: 'examples',
  about: 'every official R4 example is accepted, but for a listed few that break the specification',
  chunks,
  async run(chunk, say) {
    const files = exampleFiles()
    if (files === undefined) throw new Error('npm hl7.fhir.r4.examples is not installed; run npm install')
    const report = checkExamples(files.filter((_file, index) => index % chunks === chunk))
    say(`${report.examples} examples, ${report.refused.length} refused`)
    return report
  },
  conclude(reports) {
    const examples = reports.reduce((sum, report) => sum + report.examples, 0)
    const cpuMs = reports.reduce((sum, report) => sum + report.cpuMs, 0)
    const refused = reports.flatMap((report) => report.refused).sort()
    const expected = expectedRefusals()
    const surprises = [
      ...refused.filter((each) => !expected.includes(each)),
      ...expected.filter((each) => !refused.includes(each)),
    ]
    const ok = surprises.length === 0 && examples > 5000
    const summary = ok
      ? `${examples} examples: ${examples - refused.length} accepted, ${refused.length} refused as listed`
      : `not as listed: ${surprises.slice(0, 5).join('; ')}`
    return { ok, summary, figures: { examples, refused, cpuMs } }
  },
}
