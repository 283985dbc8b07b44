// What the notice and the patient's own choice ask the server for.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { breakGlass, fetchAccess, fetchGlasses, mendGlass } from '../../api/access.ts'
import type { Consent } from '../../api/fhir.ts'
import { type Collected, fetchAll, searchPath } from '../../api/search.ts'
import { useEmergency } from '../../app/emergency.ts'
import { useRequest } from '../../app/session.ts'
import { consentFor, type Group, ownConsentId } from './own-consent.ts'

/** Whether something may be withheld from the caller. */
export function useAccess(patientId: string, isAsked: boolean) {
  const request = useRequest()
  return useQuery({
    queryKey: ['chart', patientId, 'access'],
    queryFn: ({ signal }) => fetchAccess(request, patientId, signal),
    enabled: isAsked,
  })
}

/** The emergency of a patient, with its beginning and its end. */
export function useGlass(patientId: string) {
  const request = useRequest()
  const { emergency, set } = useEmergency(patientId)
  const breaking = useMutation({
    mutationFn: (reason: string) => breakGlass(request, patientId, reason),
    onSuccess: ({ reason, ends }) => set({ reason, until: ends }),
  })
  const mending = useMutation({
    mutationFn: () => mendGlass(request, patientId),
    onSuccess: () => set(null),
  })
  return { emergency, breaking, mending }
}

/** Who broke the glass. */
export function useGlasses(patientId: string) {
  const request = useRequest()
  return useQuery({
    queryKey: ['chart', patientId, 'glasses'],
    queryFn: ({ signal }) => fetchGlasses(request, patientId, signal),
  })
}

const consentsKey = (patientId: string) => ['chart', patientId, 'consents'] as const

/** The patient's active Consents, and the own one in whatever state. */
export function useConsents(patientId: string) {
  const request = useRequest()
  const path = searchPath('/fhir/Consent', [
    ['patient', patientId],
    ['_count', 100],
  ])
  return useQuery<Collected<Consent>>({
    queryKey: consentsKey(patientId),
    queryFn: ({ signal }) => fetchAll<Consent>(request, path, { signal, maxPages: 1 }),
  })
}

/** Saves the patient's choice over the version that was read. */
export function useSaveConsent(patientId: string, known: Consent | undefined) {
  const request = useRequest()
  const queries = useQueryClient()
  const version = known?.meta?.versionId
  return useMutation({
    mutationFn: (from: readonly Group[]) =>
      request(`/fhir/Consent/${encodeURIComponent(ownConsentId(patientId))}`, {
        method: 'PUT',
        body: consentFor(patientId, from),
        ...(version === undefined ? {} : { ifMatch: `W/"${version}"` }),
      }),
    onSuccess: () => queries.invalidateQueries({ queryKey: consentsKey(patientId) }),
  })
}
