// Emergencies that the person at this console has stated, by patient: kept in memory alone, and gone with the session.
import { type QueryClient, useQuery, useQueryClient } from '@tanstack/react-query'
import { useCallback } from 'react'
import { type Emergency, reasonFor } from './emergency-subject.ts'

const keyOf = (patient: string) => ['emergency', patient] as const

interface KnownStudy {
  readonly studyInstanceUid: string
  readonly patient: string | null
}

interface KnownPages {
  readonly pages: readonly { readonly studies: readonly KnownStudy[] }[]
}

// Of the study itself, else of a list in which it stands.
function patientOf(queries: QueryClient, study: string): string | null | undefined {
  const own = queries.getQueryData<KnownStudy>(['imaging', 'study', study])
  if (own !== undefined) return own.patient
  const lists = queries.getQueriesData<KnownPages>({ queryKey: ['imaging', 'studies'] })
  const listed = lists.flatMap(([, list]) => list?.pages.flatMap(({ studies }) => studies) ?? [])
  return listed.find(({ studyInstanceUid }) => studyInstanceUid === study)?.patient
}

function studyOf(queries: QueryClient, reading: string): string | undefined {
  const readings = queries.getQueriesData<{ readonly id: string; readonly study: string } | null>({
    queryKey: ['imaging', 'reading'],
  })
  return readings.find(([, one]) => one?.id === reading)?.[1]?.study
}

/** The reason to send with a request for whose patient an emergency was stated. */
export function emergencyReason(queries: QueryClient, path: string): string | undefined {
  const stated = queries.getQueriesData<Emergency | null>({ queryKey: ['emergency'] })
  const emergencies = new Map(stated.flatMap(([key, one]) => (one == null ? [] : [[String(key[1]), one] as const])))
  if (emergencies.size === 0) return undefined
  return reasonFor(path, {
    ...{ nowMs: Date.now(), emergencies },
    patientOf: (study) => patientOf(queries, study),
    studyOf: (reading) => studyOf(queries, reading),
  })
}

/** The same for requests that do not go through the common client: frames of images. */
export function useEmergencyReason(): (path: string) => string | undefined {
  const queries = useQueryClient()
  return useCallback((path) => emergencyReason(queries, path), [queries])
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
    queries.removeQueries({ queryKey: ['imaging'], type: 'inactive' })
    queries.setQueryData(keyOf(patient), emergency)
    await Promise.all([
      queries.resetQueries({ queryKey: ['chart', patient] }),
      queries.resetQueries({ queryKey: ['imaging'] }),
    ])
  }
  return { emergency: known.data ?? undefined, set }
}
