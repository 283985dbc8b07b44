// What a patient withholds, and emergencies that open it: as the patient service tells and takes it.
import type { Request } from './client.ts'

/** Whether something of a patient's record may be withheld from the caller. */
export interface AccessState {
  readonly patient: string
  readonly isWithheld: boolean
  readonly mayBreakGlass: boolean
  /** ISO time until which the caller's own emergency access is open. */
  readonly openUntil?: string
}

/** An emergency access. */
export interface BrokenGlass {
  readonly id: string
  readonly subject: string
  readonly name: string
  readonly reason: string
  readonly begins: string
  readonly ends: string
}

const pathOf = (patient: string): string => `/api/v1/patients/${encodeURIComponent(patient)}`

/** Asks whether something may be withheld. */
export function fetchAccess(request: Request, patient: string, signal: AbortSignal): Promise<AccessState> {
  return request<AccessState>(`${pathOf(patient)}/access`, { signal })
}

/** Breaks the glass. */
export function breakGlass(request: Request, patient: string, reason: string): Promise<BrokenGlass> {
  return request<BrokenGlass>(`${pathOf(patient)}/break-glass`, { method: 'POST', body: { reason } })
}

/** Ends the own emergency access. */
export function mendGlass(request: Request, patient: string): Promise<void> {
  return request<void>(`${pathOf(patient)}/break-glass`, { method: 'DELETE' })
}

/** Who broke the glass, newest first. */
export async function fetchGlasses(request: Request, patient: string, signal: AbortSignal) {
  const { glasses } = await request<{ glasses: readonly BrokenGlass[] }>(`${pathOf(patient)}/break-glass`, { signal })
  return glasses
}
