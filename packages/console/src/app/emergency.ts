// Emergencies that the person at this console has stated, by patient: kept in memory alone, and gone with the session.
import { type QueryClient, useQuery, useQueryClient } from '@tanstack/react-query'

/** A stated emergency. */
export interface Emergency {
  readonly reason: string
  /** ISO time. */
  readonly until: string
}

const keyOf = (patient: string) => ['emergency', patient] as const
const patientIn = /(?:\/Patient\/|[?&](?:patient|subject)=(?:Patient(?:\/|%2F))?)([A-Za-z0-9.-]{1,64})/

/** The reason to send with a request that is about a patient for whom an emergency was stated. */
export function emergencyReason(queries: QueryClient, path: string): string | undefined {
  const [, patient] = patientIn.exec(path) ?? []
  if (patient === undefined) return undefined
  const emergency = queries.getQueryData<Emergency>(keyOf(patient))
  return emergency !== undefined && Date.parse(emergency.until) > Date.now() ? emergency.reason : undefined
}

/** The emergency of a patient, and how to begin and end it; what was loaded of the patient is then asked for anew. */
export function useEmergency(patient: string) {
  const queries = useQueryClient()
  const known = useQuery<Emergency | null>({
    queryKey: keyOf(patient),
    queryFn: () => null,
    enabled: false,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: Number.POSITIVE_INFINITY,
  })
  const set = async (emergency: Emergency | null): Promise<void> => {
    queries.setQueryDefaults(keyOf(patient), { gcTime: Number.POSITIVE_INFINITY })
    queries.setQueryData(keyOf(patient), emergency)
    await queries.resetQueries({ queryKey: ['chart', patient] })
  }
  return { emergency: known.data ?? undefined, set }
}
