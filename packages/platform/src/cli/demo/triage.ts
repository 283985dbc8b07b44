// From symptoms to a department, and a prescription that would harm: what triage asks, decides and books, what the pharmacy refuses.
import { type Answer, expectStatus, type Stage } from './stage.ts'

const chapter = 'The right department, and no wrong medicine'
const mostQuestions = 12

interface Suggestions {
  readonly suggested_departments: readonly {
    readonly disease: string
    readonly confidence: number
    readonly department: string
    readonly department_zh: string
  }[]
}

interface View {
  readonly id: string
  readonly question: { readonly finding: string; readonly text: { readonly en: string } } | null
  readonly answers: readonly unknown[]
  readonly conclusion: {
    readonly urgency: {
      readonly level: string
      readonly reasons: readonly { readonly text: { readonly en: string } }[]
    }
    readonly department: { readonly en: string; readonly zh: string } | null
    readonly records: Readonly<Record<string, string>> | null
  } | null
}

const interviews = '/api/v1/triage/interviews'

async function post(stage: Stage, path: string, body: unknown): Promise<Answer> {
  return stage.ask(path, { method: 'POST', body, token: await stage.token('clinician') })
}

async function view(stage: Stage, path: string, body: unknown): Promise<View> {
  const answer = await post(stage, path, body)
  expectStatus(answer, 200, 201)
  return answer.body as unknown as View
}

function inWords({ suggested_departments: suggested }: Suggestions): string {
  const [first] = suggested
  return first === undefined
    ? 'nothing fits'
    : `${first.disease} ${(100 * first.confidence).toFixed(0)} % → ${first.department} ${first.department_zh}`
}

async function interviewAbout(stage: Stage, patient: string, yes: readonly string[]): Promise<string> {
  let now = await view(stage, interviews, { symptoms: ['胸痛'], age: 63, sex: 'male', patient })
  for (let asked = 0; now.question !== null && asked < mostQuestions; asked += 1) {
    const { finding } = now.question
    const answer = yes.includes(finding) ? 'yes' : 'no'
    now = await view(stage, `${interviews}/${now.id}/answers`, { finding, answer })
  }
  const { conclusion, answers } = await view(stage, `${interviews}/${now.id}/finish`, {})
  if (conclusion === null) throw new Error('the interview came to nothing')
  const { urgency, department, records } = conclusion
  const why = urgency.reasons[0]?.text.en ?? ''
  return `${answers.length} questions → ${urgency.level}, ${department?.en} ${department?.zh}; ${why} Booked: ${records?.encounter}`
}

// Cut between words: half a word looks like a mistake.
function shortened(text: string, most: number): string {
  if (text.length <= most) return text
  return `${text.slice(0, text.lastIndexOf(' ', most)).replace(/[^\p{L}\p{N})]+$/u, '')} …`
}

const prescription = (patient: string, text: string) => ({
  resourceType: 'MedicationRequest',
  status: 'active',
  intent: 'order',
  subject: { reference: `Patient/${patient}` },
  medicationCodeableConcept: { text },
})

async function refusedPrescription(stage: Stage, patient: string): Promise<string> {
  expectStatus(await post(stage, '/fhir/MedicationRequest', prescription(patient, 'Simvastatin 20 MG')), 201)
  const refused = await post(stage, '/fhir/MedicationRequest', prescription(patient, 'Clarithromycin 500 MG'))
  expectStatus(refused, 422)
  const [issue] = refused.body.issue as readonly { readonly diagnostics: string }[]
  return `422 ${shortened(issue?.diagnostics ?? '', 130)}`
}

async function askedBeforeSigning(stage: Stage, patient: string): Promise<string> {
  const draft = { ...prescription(patient, '克拉霉素 0.5 g'), status: 'draft' }
  const answer = await post(stage, '/cds-services/medication-safety', {
    hook: 'order-sign',
    hookInstance: crypto.randomUUID(),
    context: { patientId: patient, draftOrders: { resourceType: 'Bundle', entry: [{ resource: draft }] } },
  })
  expectStatus(answer, 200)
  const cards = answer.body.cards as readonly {
    readonly indicator: string
    readonly source: { readonly label: string }
  }[]
  const critical = cards.filter(({ indicator }) => indicator === 'critical').length
  if (critical === 0) throw new Error('no card warned')
  return `${cards.length} card(s), ${critical} critical, from ${cards[0]?.source.label}`
}

/** Plays the chapter. */
export async function playTriage(stage: Stage): Promise<void> {
  const registered = await post(stage, '/fhir/Patient', {
    resourceType: 'Patient',
    name: [{ text: '周明', family: '周', given: ['明'] }],
    gender: 'male',
    birthDate: '1963-04-02',
  })
  expectStatus(registered, 201)
  const patient = String(registered.body.id)
  await stage.scene(chapter, 'two symptoms, the article’s formula', async () => {
    const answer = await post(stage, '/triage?scoring=article', { symptoms: ['Cough', 'Fever'] })
    expectStatus(answer, 200)
    return inWords(answer.body as unknown as Suggestions)
  })
  await stage.scene(chapter, 'the same with what else is known, by Bayes', async () => {
    const body = { symptoms: ['咳嗽', '发烧', '咳痰', '寒战'], absent: ['Sore throat'], age: 68, sex: 'female' }
    const answer = await post(stage, '/triage', body)
    expectStatus(answer, 200)
    return inWords(answer.body as unknown as Suggestions)
  })
  await stage.scene(chapter, 'an interview about chest pain', () => interviewAbout(stage, patient, ['sweating']))
  await stage.scene(chapter, 'a prescription that is contraindicated', () => refusedPrescription(stage, patient))
  await stage.scene(chapter, 'asked before signing (CDS Hooks)', () => askedBeforeSigning(stage, patient))
}
