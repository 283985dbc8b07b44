// How right and how fast triage is: DDXPlus patients with all evidence, with three symptoms, and through interviews.
// The knowledge was not fitted to these patients; they are read from ../shared/data/triage and stay there.
import { existsSync, readFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import {
  articleScores,
  conclude,
  evidenceOf,
  type Interview,
  nextStep,
  posterior,
  rankConditions,
  urgencyLevels,
  withAnswer,
} from '@xinglin/core/triage'
import { compileKnowledge } from '../packages/platform/src/clinical/triage/knowledge/knowledge.ts'
import { readSeed } from '../packages/platform/src/clinical/triage/knowledge/seed.ts'
import { measuredOn } from './target.ts'

interface Patient {
  readonly ageYears: number
  readonly sex: 'female' | 'male'
  readonly condition: string
  readonly present: readonly string[]
  readonly absent: readonly string[]
}

const folder = new URL('../../shared/data/triage/', import.meta.url)
const file = new URL('ddxplus_patients.csv', folder)
const most = Number(process.argv[2] ?? 2000)
const seed = await readSeed()
const knowledge = compileKnowledge(0, seed.rows)
const { graph } = knowledge

// Sites of pain in DDXPlus to the pain regions of our findings.
const regions: readonly (readonly [string, RegExp])[] = [
  ['chest-pain', /chest|breast/],
  ['headache', /head|temple|occiput/],
  ['face-pain', /cheek|nose|forehead/],
  ['eye-pain', /^eye/],
  ['ear-pain', /^ear/],
  ['upper-abdominal-pain', /epigastric|hypochondrium/],
  ['lower-abdominal-pain', /iliac fossa|groin|belly|pubis|scrotum|testicle/],
  ['back-pain', /spine|scapula|flank|renal|coccyx|posterior chest/],
  ['limb-pain', /ankle|thigh|calf|knee|elbow|forearm|wrist|hand|foot|finger|toe|shoulder|biceps|triceps|tibia|hip/],
  ['sore-throat', /tonsil|pharynx|palace|uvula|thyroid/],
]

interface Evidence {
  readonly name: string
  readonly value_meaning: Readonly<Record<string, { readonly en: string }>>
}

function readPatients(): readonly Patient[] {
  const evidences = JSON.parse(readFileSync(new URL('release_evidences.json', folder), 'utf8')) as Record<
    string,
    Evidence
  >
  const byCode = new Map((seed.rows.get('finding') ?? []).map((row) => [row.ddxplus, row.id ?? '']))
  const byName = new Map((seed.rows.get('condition') ?? []).map((row) => [row.ddxplus, row.id ?? '']))
  const lines = readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .slice(1, most + 1)
  return lines.flatMap((line) => {
    const cells =
      line.match(/("(?:[^"]|"")*"|[^,]*)(?:,|$)/g)?.map((cell) => cell.replace(/,$/, '').replace(/^"|"$/g, '')) ?? []
    const [age = '', , sex = '', diagnosis = '', features = ''] = cells
    const codes = [...features.matchAll(/'([^']+)'/g)].map(([, code = '']) => code)
    const roots = codes.flatMap((code) => byCode.get(code.split('_@_')[0] ?? '') ?? [])
    const sites = codes
      .filter((code) => code.startsWith('E_55_@_'))
      .map((code) => evidences['E_55']?.value_meaning[code.slice('E_55_@_'.length)]?.en ?? '')
    const places = regions.filter(([, where]) => sites.some((site) => where.test(site))).map(([id]) => id)
    const present = [...new Set([...roots, ...places])]
    const known = graph.findings.filter(({ kind }) => kind !== 'danger').map(({ id }) => id)
    const condition = byName.get(diagnosis)
    if (condition === undefined) return []
    return [
      {
        ageYears: Number(age),
        sex: sex === 'F' ? ('female' as const) : ('male' as const),
        condition,
        present,
        absent: known.filter((id) => !present.includes(id)),
      },
    ]
  })
}

const shares = (places: readonly number[]) => {
  const within = (top: number) => Math.round((1000 * places.filter((place) => place < top).length) / places.length) / 10
  return { patients: places.length, top1: within(1), top3: within(3), top5: within(5) }
}

function placeOf(patient: Patient, present: readonly string[], absent: readonly string[]): number {
  const { ageYears, sex } = patient
  const { candidates } = rankConditions(graph, { present, absent }, { ageYears, sex }, { limit: 60, least: 0 })
  return candidates.findIndex(({ condition }) => condition.id === patient.condition)
}

const edges = graph.facts.presentsIn.map(({ finding, condition }) => ({ symptom: finding, disease: condition }))
function articlePlace(patient: Patient, present: readonly string[]): number {
  const place = articleScores(edges, present).findIndex(({ disease }) => disease === patient.condition)
  return place === -1 ? 99 : place
}

// The first symptoms as listed stand for what a person would say first.
const symptomsOf = ({ present }: Patient, count: number): readonly string[] =>
  present.filter((id) => graph.findings[graph.findingIndex.get(id) ?? -1]?.kind === 'symptom').slice(0, count)

// A person with a pain says where it is.
function complaintsOf(patient: Patient): readonly string[] {
  const complaints = symptomsOf(patient, 1)
  const places = regions.map(([id]) => id).filter((id) => patient.present.includes(id))
  return complaints[0] === 'pain' ? [...complaints, ...places] : complaints
}

function interviewed(patient: Patient) {
  const { ageYears, sex } = patient
  const first: Interview = {
    person: { ageYears, sex },
    vitals: {},
    complaints: complaintsOf(patient),
    absent: [],
    answers: [],
  }
  let now = first
  for (let step = nextStep(graph, now); step.kind !== 'stop'; step = nextStep(graph, now)) {
    const isDanger = step.finding.kind === 'danger'
    now = withAnswer(now, step, isDanger ? 'no' : patient.present.includes(step.finding.id) ? 'yes' : 'no')
  }
  const { urgency } = conclude(graph, now)
  const { present, absent } = evidenceOf(now)
  return { place: placeOf(patient, present, absent), questions: now.answers.length, level: urgency.level }
}

function speed(): Readonly<Record<string, number>> {
  const evidence = { present: ['cough', 'fever', 'chest-pain'], absent: ['runny-nose', 'headache'] }
  const person = { ageYears: 40, sex: 'female' as const }
  const time = (rounds: number, work: () => unknown): number => {
    for (let warm = 0; warm < rounds / 10; warm += 1) work()
    const startedAt = performance.now()
    for (let round = 0; round < rounds; round += 1) work()
    return Math.round((1_000_000 * (performance.now() - startedAt)) / rounds) / 1000
  }
  const interview: Interview = {
    person,
    vitals: {},
    complaints: evidence.present,
    absent: evidence.absent,
    answers: [],
  }
  return {
    posteriorMicroseconds: time(20_000, () => posterior(graph, evidence, person)),
    articleMicroseconds: time(2000, () => articleScores(edges, evidence.present)),
    nextQuestionMicroseconds: time(2000, () => nextStep(graph, interview)),
  }
}

if (existsSync(file)) {
  const patients = readPatients()
  const talks = patients.map(interviewed)
  const answer = {
    bench: 'triage',
    about: 'DDXPlus patients that the knowledge was not fitted to; percent with the true condition among the first k',
    fullEvidence: shares(patients.map((one) => placeOf(one, one.present, one.absent))),
    fullEvidenceArticle: shares(patients.map((one) => articlePlace(one, one.present))),
    threeSymptoms: shares(patients.map((one) => placeOf(one, symptomsOf(one, 3), []))),
    threeSymptomsArticle: shares(patients.map((one) => articlePlace(one, symptomsOf(one, 3)))),
    interview: {
      ...shares(talks.map(({ place }) => place)),
      questions: Math.round((100 * talks.reduce((sum, { questions }) => sum + questions, 0)) / talks.length) / 100,
      levels: Object.fromEntries(
        urgencyLevels.map((level) => [level, talks.filter((one) => one.level === level).length]),
      ),
    },
    speed: speed(),
    loadAverage: Math.round((loadavg()[0] ?? 0) * 10) / 10,
    ...measuredOn(),
  }
  process.stdout.write(`${JSON.stringify(answer, null, 2)}\n`)
} else {
  process.stdout.write(
    `${JSON.stringify({ skipped: `${file.pathname} is not here: put DDXPlus patients there`, speed: speed() }, null, 2)}\n`,
  )
}
