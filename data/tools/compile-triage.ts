// Compiles DDXPlus (release_conditions.json, release_evidences.json, ddxplus_patients.csv) and the authored tables into
// data/triage: the English question of each finding, and how often which finding presents in which condition.
// Run: node data/tools/compile-triage.ts [folder with the DDXPlus files; default ../shared/data/triage]
import { readFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { readDdxplusPatients } from './ddxplus-patients.ts'
import { fitEdges } from './fit-edges.ts'
import { readTsv, writeTsv } from './read-tsv.ts'

interface Evidence {
  readonly name: string
  readonly question_en: string
  readonly is_antecedent: boolean
}

interface Condition {
  readonly condition_name: string
  readonly symptoms: Readonly<Record<string, unknown>>
  readonly antecedents: Readonly<Record<string, unknown>>
}

const out = new URL('../triage/', import.meta.url)
const given = process.argv[2]
const source = given === undefined ? new URL('../../../shared/data/triage/', import.meta.url) : pathToFileURL(`${given}/`)
const json = (name: string): Readonly<Record<string, unknown>> => JSON.parse(readFileSync(new URL(name, source), 'utf8'))
const evidences = json('release_evidences.json') as Readonly<Record<string, Evidence>>
const conditions = json('release_conditions.json') as Readonly<Record<string, Condition>>

// How sure a listed finding is before patients are counted, and where there are none.
const symptomP = '0.6'
const riskP = '0.3'

// What a condition hardly goes without (authored from general medical knowledge, not from patients' data).
const hallmarkP = '0.9'

const findingColumns = 'id kind en zh question_en question_zh synonyms hpo ddxplus leak sex min_age max_age'.split(' ')
const findings = readTsv(new URL('findings.tsv', out)).map((row) => {
  const evidence = evidences[row.ddxplus ?? '']
  return evidence === undefined ? row : { ...row, question_en: evidence.question_en.trim() }
})
writeTsv(new URL('findings.tsv', out), findingColumns, findings)

const byCode = new Map(findings.filter((row) => row.ddxplus !== '').map((row) => [row.ddxplus, row]))
const authored = readTsv(new URL('authored_edges.tsv', out)).flatMap(({ condition = '', findings: list = '' }) =>
  list.split(',').map((finding) => ({ finding, condition, p: symptomP, source: condition === 'covid-19' ? 'who-covid' : 'xinglin' })),
)
const compiled = readTsv(new URL('conditions.tsv', out)).flatMap(({ id = '', ddxplus = '' }) => {
  if (ddxplus === '') return []
  const condition = conditions[ddxplus]
  if (condition === undefined) throw new Error(`DDXPlus has no condition ${ddxplus}`)
  // What describes a pain, a rash or a swelling (where, how strong) is not a finding of its own; travel is listed everywhere.
  return [...Object.keys(condition.symptoms), ...Object.keys(condition.antecedents)].flatMap((code) => {
    const finding = byCode.get(code)
    return finding === undefined
      ? []
      : [{ finding: finding.id ?? '', condition: id, p: finding.kind === 'risk' ? riskP : symptomP, source: 'ddxplus' }]
  })
})
// An authored edge stands in for the same edge of DDXPlus.
const roots = compiled.filter((edge) => !authored.some((own) => own.finding === edge.finding && own.condition === edge.condition))
const unique = new Map([...roots, ...authored].map((edge) => [`${edge.finding}|${edge.condition}`, edge]))
const hallmarks = new Set(
  readTsv(new URL('hallmarks.tsv', out)).flatMap(({ condition = '', findings: list = '' }) =>
    list.split(',').map((finding) => `${finding}|${condition}`),
  ),
)
const lost = [...hallmarks].filter((key) => !unique.has(key))
if (lost.length > 0) throw new Error(`Hallmarks without an edge: ${lost.join(', ')}`)
const edges = [...unique].map(([key, edge]) => (hallmarks.has(key) ? { ...edge, p: hallmarkP } : edge))
const patients = readDdxplusPatients(source, { findings, conditions: readTsv(new URL('conditions.tsv', out)) })
const fitted = fitEdges(
  edges.map(({ finding, condition, p }) => ({ finding, condition, chosen: Number(p) })),
  patients,
)
writeTsv(
  new URL('presents_in.tsv', out),
  ['finding', 'condition', 'p', 'source', 'chosen', 'patients'],
  edges.map((edge, index) => ({
    ...edge,
    chosen: edge.p,
    p: String(Math.round(1000 * (fitted[index]?.p ?? 0)) / 1000),
    patients: String(fitted[index]?.patients ?? 0),
  })),
)
process.stdout.write(`${findings.length} findings, ${unique.size} edges, ${patients.length} patients\n`)
