// Triage as the gateway serves it: findings by name, and interviews.
import type { Request } from '../../api/client.ts'

/** A text in both languages. */
export interface Both {
  readonly en: string
  readonly zh: string
}

/** A symptom that can be chosen. */
export interface FindingChoice {
  readonly id: string
  readonly name: Both
}

/** An urgency, from the lowest to the highest. */
export type Level = 'self-care' | 'consultation' | 'urgent' | 'emergency' | 'ambulance'

/** What a person can say. */
export type Reply = 'yes' | 'no' | 'unknown'

/** Why an urgency is as high as it is. */
export interface Reason {
  readonly rule: string
  readonly level: Level
  readonly text: Both
  readonly source: { readonly title: string; readonly url: string | null } | null
  readonly reviewed: boolean
}

/** A condition that may be there, with log-odds for and against. */
export interface Candidate {
  readonly condition: string
  readonly disease: string
  readonly disease_zh: string
  readonly icd10: string
  readonly confidence: number
  readonly department: string | null
  readonly department_zh: string | null
  readonly explanation: readonly {
    readonly finding: string
    readonly name: Both
    readonly present: boolean
    readonly log_odds: number
  }[]
}

/** What a finished interview came to. */
export interface Conclusion {
  readonly urgency: { readonly level: Level; readonly reasons: readonly Reason[] }
  readonly candidates: readonly Candidate[]
  readonly no_good_match: boolean
  readonly department: (Both & { readonly id: string }) | null
  readonly advice: { readonly title: Both; readonly text: Both }
  readonly records: Readonly<Record<string, string>> | null
}

/** An interview. */
export interface Interview {
  readonly id: string
  readonly status: 'open' | 'finishing' | 'finished' | 'abandoned'
  readonly patient: string | null
  readonly person: {
    readonly age: number | null
    readonly sex: 'female' | 'male' | null
    readonly pregnant: boolean | null
  }
  readonly complaints: readonly { readonly finding: string; readonly name: Both }[]
  readonly answers: readonly {
    readonly finding: string
    readonly name: Both
    readonly text: Both
    readonly answer: Reply
  }[]
  readonly question: {
    readonly finding: string
    readonly text: Both
    readonly why: Both
    readonly kind: 'red-flag' | 'tell-apart'
  } | null
  readonly progress: { readonly asked: number; readonly most: number }
  readonly urgency: { readonly level: Level; readonly reasons: readonly Reason[] }
  readonly conclusion: Conclusion | null
  readonly created_at: string
}

/** How an interview begins. */
export interface Beginning {
  readonly symptoms: readonly string[]
  readonly age: number
  readonly sex: 'female' | 'male'
  readonly pregnant?: boolean
}

const base = '/api/v1/triage'

/** Symptoms whose name has the text. */
export async function fetchFindings(
  request: Request,
  text: string,
  signal: AbortSignal,
): Promise<readonly FindingChoice[]> {
  const query = new URLSearchParams({ text, limit: '8' })
  const { findings } = await request<{ findings: readonly FindingChoice[] }>(`${base}/findings?${query}`, { signal })
  return findings
}

/** The newest interviews that the caller may see. */
export async function fetchInterviews(request: Request, signal: AbortSignal): Promise<readonly Interview[]> {
  const answer = await request<{ interviews: readonly Interview[] }>(`${base}/interviews?limit=50`, { signal })
  return answer.interviews
}

/** One interview. */
export function fetchInterview(request: Request, id: string, signal: AbortSignal): Promise<Interview> {
  return request(`${base}/interviews/${encodeURIComponent(id)}`, { signal })
}

/** Begins an interview. */
export function beginInterview(request: Request, beginning: Beginning): Promise<Interview> {
  return request(`${base}/interviews`, { method: 'POST', body: beginning })
}

/** A step of an interview. */
export type Step =
  | { readonly kind: 'answer'; readonly finding: string; readonly reply: Reply }
  | { readonly kind: 'back' }
  | { readonly kind: 'finish' }

/** Takes a step; the answer is the interview after it. */
export function takeStep(request: Request, id: string, step: Step): Promise<Interview> {
  const address = `${base}/interviews/${encodeURIComponent(id)}`
  switch (step.kind) {
    case 'answer':
      return request(`${address}/answers`, { method: 'POST', body: { finding: step.finding, answer: step.reply } })
    case 'back':
      return request(`${address}/back`, { method: 'POST', body: {} })
    case 'finish':
      return request(`${address}/finish`, { method: 'POST', body: {} })
    default:
      return step satisfies never
  }
}
