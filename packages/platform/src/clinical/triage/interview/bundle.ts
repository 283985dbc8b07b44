// A finished interview as one FHIR transaction: answers, risks, referral and the booked visit, all or nothing (pure).
import { type Conclusion, evidenceOf, explain, type Interview, type TriageGraph } from '@xinglin/core/triage'

/** What the Bundle is made of. */
export interface BundleParts {
  readonly id: string
  readonly patient: string
  /** Reference of who answered, e.g. `Patient/1`. */
  readonly author: string | undefined
  readonly graph: TriageGraph
  readonly knowledgeVersion: number
  readonly interview: Interview
  readonly conclusion: Conclusion
  readonly at: Date
  /** Whether a visit is booked. */
  readonly isBooked: boolean
}

type Element = Readonly<Record<string, unknown>>

/** System of the interview's identifier on every record that it wrote. */
export const interviewSystem = 'urn:xinglin:triage:interview'
/** System of the departments' codes. */
export const departmentSystem = 'urn:xinglin:department'

const icd10System = 'http://hl7.org/fhir/sid/icd-10'
const shownPredictions = 5
const dayMs = 86_400_000
const morningHour = 9
const priorities = {
  ambulance: 'stat',
  emergency: 'stat',
  urgent: 'asap',
  consultation: 'routine',
  'self-care': 'routine',
}

const coded = (system: string, code: string, display: string, text = display): Element => ({
  coding: [{ system, code, display }],
  text,
})

/** When a booked visit begins: at once, on the next full hour, or on the next working day at nine (UTC of the server). */
export function visitStart(level: Conclusion['urgency']['level'], at: Date): Date {
  if (level === 'ambulance' || level === 'emergency') return at
  if (level === 'urgent') {
    const next = new Date(at.getTime())
    next.setUTCMinutes(60, 0, 0)
    return next
  }
  const day = new Date(at.getTime() + dayMs)
  while (day.getUTCDay() === 0 || day.getUTCDay() === 6) day.setTime(day.getTime() + dayMs)
  day.setUTCHours(morningHour, 0, 0, 0)
  return day
}

function answerItems({ interview, graph }: BundleParts): readonly Element[] {
  const textOf = (id: string): string => {
    const finding = graph.findings[graph.findingIndex.get(id) ?? -1]
    return finding === undefined ? id : `${finding.question.en} / ${finding.question.zh}`
  }
  const known = (id: string, value: boolean): Element => ({
    linkId: id,
    text: textOf(id),
    answer: [{ valueBoolean: value }],
  })
  const unknownCode = 'asked-unknown'
  const system = 'http://terminology.hl7.org/CodeSystem/data-absent-reason'
  return [
    ...interview.complaints.map((id) => known(id, true)),
    ...interview.absent.map((id) => known(id, false)),
    ...interview.answers.map(({ finding, reply }) =>
      reply === 'unknown'
        ? { linkId: finding, text: textOf(finding), answer: [{ valueCoding: { system, code: unknownCode } }] }
        : known(finding, reply === 'yes'),
    ),
  ]
}

function rationale(parts: BundleParts, condition: number): string {
  const { graph, interview } = parts
  const { contributions } = explain(graph, condition, evidenceOf(interview), interview.person)
  const words = contributions
    .toSorted((a, b) => Math.abs(b.logOdds) - Math.abs(a.logOdds))
    .slice(0, 6)
    .map(({ finding, isPresent, logOdds }) => {
      const name = graph.findings[graph.findingIndex.get(finding) ?? -1]?.name.en ?? finding
      return `${isPresent ? '' : 'no '}${name} (${logOdds >= 0 ? '+' : '−'}${Math.abs(logOdds).toFixed(2)})`
    })
  return `Log-odds for and against: ${words.join(', ') || 'none'}`
}

function riskAssessment(parts: BundleParts, links: { readonly subject: Element; readonly answers: string }): Element {
  const { conclusion, knowledgeVersion, at, id } = parts
  const { ranking, urgency } = conclusion
  const reasons = urgency.reasons.map(({ rule, text }) => `${rule}: ${text.en}`).join(' ')
  return {
    resourceType: 'RiskAssessment',
    identifier: [{ system: interviewSystem, value: id }],
    status: 'preliminary',
    method: {
      text: `Xinglin triage, Bayes over knowledge version ${knowledgeVersion}; decision support, not a diagnosis`,
    },
    subject: links.subject,
    occurrenceDateTime: at.toISOString(),
    basis: [{ reference: links.answers }],
    prediction: ranking.candidates.slice(0, shownPredictions).map(({ condition, index, p }) => ({
      outcome: {
        ...coded(icd10System, condition.icd10, condition.name.en, `${condition.name.en} / ${condition.name.zh}`),
      },
      probabilityDecimal: Number(p.toFixed(4)),
      rationale: rationale(parts, index),
    })),
    mitigation: `Urgency ${urgency.level}. ${reasons}`.trim(),
  }
}

function departmentOf({ conclusion }: BundleParts): { readonly id: string; readonly en: string; readonly zh: string } {
  const { department } = conclusion
  return department === undefined
    ? { id: 'general-practice', en: 'General practice', zh: '全科医学科' }
    : { id: department.id, ...department.name }
}

function visitEntries(
  parts: BundleParts,
  subject: Element,
  urls: Readonly<Record<string, string>>,
): readonly Element[] {
  const { conclusion, at, id } = parts
  const { level } = conclusion.urgency
  const { id: code, en, zh } = departmentOf(parts)
  const department = coded(departmentSystem, code, en, `${en} / ${zh}`)
  const identifier = [{ system: interviewSystem, value: id }]
  const isEmergency = level === 'ambulance' || level === 'emergency'
  const actSystem = 'http://terminology.hl7.org/CodeSystem/v3-ActCode'
  const location = {
    resourceType: 'Location',
    status: 'active',
    name: en,
    alias: [zh],
    identifier: [{ system: departmentSystem, value: code }],
  }
  const encounter = {
    resourceType: 'Encounter',
    identifier,
    status: 'planned',
    class: isEmergency ? { system: actSystem, code: 'EMER' } : { system: actSystem, code: 'AMB' },
    serviceType: department,
    subject,
    basedOn: [{ reference: urls.referral }],
    period: { start: visitStart(level, at).toISOString() },
    location: [{ location: { reference: urls.location, display: en }, status: 'planned' }],
  }
  return [
    entry(urls.location, location, `identifier=${encodeURIComponent(`${departmentSystem}|${code}`)}`),
    entry(urls.encounter, encounter, `identifier=${encodeURIComponent(`${interviewSystem}|${id}`)}`),
  ]
}

function entry(fullUrl: string | undefined, resource: Element, ifNoneExist: string): Element {
  return { fullUrl, resource, request: { method: 'POST', url: resource.resourceType, ifNoneExist } }
}

/**
 * The transaction Bundle. Every entry is a conditional create by the interview's identifier: sent twice, it writes once.
 * Entries in order: QuestionnaireResponse, RiskAssessment, ServiceRequest, and for a booked visit Location and Encounter.
 */
export function bundleOf(parts: BundleParts): Element {
  const { id, patient, author, interview, at, conclusion, knowledgeVersion } = parts
  const urls = {
    answers: urn(id, 1),
    risk: urn(id, 2),
    referral: urn(id, 3),
    location: urn(id, 4),
    encounter: urn(id, 5),
  }
  const subject = { reference: `Patient/${patient}` }
  const only = `identifier=${encodeURIComponent(`${interviewSystem}|${id}`)}`
  const identifier = [{ system: interviewSystem, value: id }]
  const { id: code, en, zh } = departmentOf(parts)
  const answers = {
    resourceType: 'QuestionnaireResponse',
    identifier: { system: interviewSystem, value: id },
    questionnaire: `urn:xinglin:questionnaire:triage|${knowledgeVersion}`,
    status: 'completed',
    subject,
    authored: at.toISOString(),
    ...(author === undefined ? {} : { author: { reference: author }, source: { reference: author } }),
    item: answerItems({ ...parts, interview }),
  }
  const referral = {
    resourceType: 'ServiceRequest',
    identifier,
    status: 'active',
    intent: 'proposal',
    priority: priorities[conclusion.urgency.level],
    code: { text: `See ${en} / 就诊${zh}` },
    subject,
    authoredOn: at.toISOString(),
    performerType: coded(departmentSystem, code, en, `${en} / ${zh}`),
    supportingInfo: [{ reference: urls.answers }, { reference: urls.risk }],
  }
  // Who can stay at home and has no visit is referred to nobody.
  const isReferred = parts.isBooked || conclusion.urgency.level !== 'self-care'
  return {
    resourceType: 'Bundle',
    type: 'transaction',
    entry: [
      entry(urls.answers, answers, only),
      entry(urls.risk, riskAssessment(parts, { subject, answers: urls.answers }), only),
      ...(isReferred ? [entry(urls.referral, referral, only)] : []),
      ...(parts.isBooked ? visitEntries(parts, subject, urls) : []),
    ],
  }
}

// Temporary ids of the Bundle, made of the interview's own (a UUID) so that the Bundle is the same when made again.
function urn(id: string, place: number): string {
  return `urn:uuid:${id.slice(0, -1)}${place}`
}
