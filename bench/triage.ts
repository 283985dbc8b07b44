// How right and how fast triage is: DDXPlus patients with all evidence, with three symptoms, and through interviews.
// Its figures are learnt from such patients: each is asked by a graph that has not seen it. They are read from
// ../shared/data/triage and stay there.
import { existsSync } from 'node:fs'
import { loadavg } from 'node:os'
import {
  articleScores,
  compileGraph,
  conclude,
  evidenceOf,
  type Interview,
  nextStep,
  posterior,
  rankConditions,
  type TriageGraph,
  urgencyLevels,
  withAnswer,
} from '@xinglin/core/triage'
import { type DdxplusPatient, painRegions, readDdxplusPatients } from '../data/tools/ddxplus-patients.ts'
import { fitEdges } from '../data/tools/fit-edges.ts'
import { readTsv } from '../data/tools/read-tsv.ts'
import { compileKnowledge } from '../packages/platform/src/clinical/triage/knowledge/knowledge.ts'
import { readSeed } from '../packages/platform/src/clinical/triage/knowledge/seed.ts'
import { measuredOn } from './target.ts'

const folder = new URL('../../shared/data/triage/', import.meta.url)
const file = new URL('ddxplus_patients.csv', folder)
const most = Number(process.argv[2] ?? 2000)
const folds = 5
const seed = await readSeed()
const knowledge = compileKnowledge(0, seed.rows)
const { graph } = knowledge

const rowsOf = (table: string) => seed.rows.get(table) ?? []
const knownIds = graph.findings.filter(({ kind }) => kind !== 'danger').map(({ id }) => id)
const absentOf = ({ present }: DdxplusPatient) => knownIds.filter((id) => !present.includes(id))

const shares = (places: readonly number[]) => {
  const within = (top: number) => Math.round((1000 * places.filter((place) => place < top).length) / places.length) / 10
  return { patients: places.length, top1: within(1), top3: within(3), top5: within(5) }
}

/** How a graph does with patients whom it was not fitted to. */
interface Outcome {
  readonly full: number
  readonly three: number
  readonly talked: number
  readonly questions: number
  readonly redFlagQuestions: number
  readonly level: (typeof urgencyLevels)[number]
}

type Given = Pick<Interview, 'person'> & { readonly present: readonly string[]; readonly absent: readonly string[] }

function placeOf(of: TriageGraph, condition: string, { person, present, absent }: Given): number {
  const { candidates } = rankConditions(of, { present, absent }, person, { limit: 60, least: 0 })
  return candidates.findIndex((candidate) => candidate.condition.id === condition)
}

const edges = graph.facts.presentsIn.map(({ finding, condition }) => ({ symptom: finding, disease: condition }))
function articlePlace(patient: DdxplusPatient, present: readonly string[]): number {
  const place = articleScores(edges, present).findIndex(({ disease }) => disease === patient.condition)
  return place === -1 ? 99 : place
}

// The first symptoms as listed stand for what a person would say first.
const symptomsOf = ({ present }: DdxplusPatient, count: number): readonly string[] =>
  present.filter((id) => graph.findings[graph.findingIndex.get(id) ?? -1]?.kind === 'symptom').slice(0, count)

// A person with a pain says where it is.
function complaintsOf(patient: DdxplusPatient): readonly string[] {
  const complaints = symptomsOf(patient, 1)
  const places = painRegions.map(([id]) => id).filter((id) => patient.present.includes(id))
  return complaints[0] === 'pain' ? [...complaints, ...places] : complaints
}

function interviewed(
  of: TriageGraph,
  { ageYears, sex, present }: DdxplusPatient,
  complaints: readonly string[],
): Interview {
  let now: Interview = { person: { ageYears, sex }, vitals: {}, complaints, absent: [], answers: [] }
  for (let step = nextStep(of, now); step.kind !== 'stop'; step = nextStep(of, now)) {
    const isSo = step.finding.kind !== 'danger' && present.includes(step.finding.id)
    now = withAnswer(now, step, isSo ? 'yes' : 'no')
  }
  return now
}

function outcomeOf(of: TriageGraph, patient: DdxplusPatient): Outcome {
  const { ageYears, sex, condition, present } = patient
  const person = { ageYears, sex }
  const talk = interviewed(of, patient, complaintsOf(patient))
  return {
    full: placeOf(of, condition, { person, present, absent: absentOf(patient) }),
    three: placeOf(of, condition, { person, present: symptomsOf(patient, 3), absent: [] }),
    talked: placeOf(of, condition, { person, ...evidenceOf(talk) }),
    questions: talk.answers.length,
    redFlagQuestions: talk.answers.filter(({ kind }) => kind === 'red-flag').length,
    level: conclude(of, talk).urgency.level,
  }
}

// The graph with its figures learnt from some patients only, so that the others are strangers to it.
function fittedTo(patients: readonly DdxplusPatient[]): TriageGraph {
  const chosen = readTsv(new URL('../data/triage/presents_in.tsv', import.meta.url)).map((row) => ({
    finding: row['finding'] ?? '',
    condition: row['condition'] ?? '',
    chosen: Number(row['chosen']),
  }))
  const fitted = fitEdges(chosen, patients)
  const presentsIn = chosen.map(({ finding, condition }, index) => ({
    finding,
    condition,
    p: fitted[index]?.p ?? 0,
    source: 'ddxplus',
  }))
  return compileGraph({ ...graph.facts, presentsIn })
}

function crossValidated(patients: readonly DdxplusPatient[]): readonly Outcome[] {
  return Array.from({ length: folds }, (_, fold) => {
    const of = fittedTo(patients.filter((_, index) => index % folds !== fold))
    return patients.filter((_, index) => index % folds === fold).map((patient) => outcomeOf(of, patient))
  }).flat()
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
  const patients = readDdxplusPatients(folder, { findings: rowsOf('finding'), conditions: rowsOf('condition') }, most)
  const outcomes = crossValidated(patients)
  const mean = (of: (one: Outcome) => number): number =>
    Math.round((100 * outcomes.reduce((sum, one) => sum + of(one), 0)) / outcomes.length) / 100
  const calm = outcomes.filter(({ level }) => level !== 'ambulance')
  const answer = {
    bench: 'triage',
    about: `DDXPlus patients in ${folds} folds, each with figures learnt from the others; percent with the true condition among the first k`,
    fullEvidence: shares(outcomes.map(({ full }) => full)),
    fullEvidenceArticle: shares(patients.map((one) => articlePlace(one, one.present))),
    threeSymptoms: shares(outcomes.map(({ three }) => three)),
    threeSymptomsArticle: shares(patients.map((one) => articlePlace(one, symptomsOf(one, 3)))),
    interview: {
      ...shares(outcomes.map(({ talked }) => talked)),
      questions: mean(({ questions }) => questions),
      questionsForRedFlags: mean(({ redFlagQuestions }) => redFlagQuestions),
      notEndedByAnAmbulance: shares(calm.map(({ talked }) => talked)),
      levels: Object.fromEntries(
        urgencyLevels.map((level) => [level, outcomes.filter((one) => one.level === level).length]),
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
