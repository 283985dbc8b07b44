// What the risk panel asks for: the newest assessment, the observations it rests on, and a new one.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import type { Bundle, Observation } from '../../api/fhir.ts'
import { searchPath } from '../../api/search.ts'
import { useRequest } from '../../app/session.ts'
import type { RiskAssessment } from './risk-view.ts'

// Reading the record and thousands of predictions take some seconds on a small machine.
const patienceMs = 60_000

interface Found<T> {
  readonly entry?: readonly { readonly resource?: T }[]
}

const keyOf = (patientId: string) => ['chart', patientId, 'risk'] as const

/** The newest assessment by a model of this system; null when there is none. */
export function useRiskAssessment(patientId: string) {
  const request = useRequest()
  const path = searchPath('/fhir/RiskAssessment', [
    ['patient', patientId],
    ['method', 'urn:xinglin:model|'],
    ['_sort', '-_lastUpdated'],
    ['_count', 1],
  ])
  return useQuery({
    queryKey: keyOf(patientId),
    queryFn: async ({ signal }) =>
      (await request<Found<RiskAssessment>>(path, { signal })).entry?.[0]?.resource ?? null,
  })
}

/** The observations with these ids, by id. */
export function useEvidence(patientId: string, ids: readonly string[]) {
  const request = useRequest()
  const path = searchPath('/fhir/Observation', [
    ['patient', patientId],
    ['_id', ids.join(',')],
    ['_count', ids.length],
  ])
  return useQuery({
    queryKey: ['chart', patientId, path],
    queryFn: async ({ signal }) => {
      const found = await request<Bundle<Observation>>(path, { signal })
      const rows = (found.entry ?? []).flatMap(({ resource }) => (resource === undefined ? [] : [resource]))
      return new Map(rows.map((row) => [row.id, row]))
    },
    enabled: ids.length > 0,
  })
}

/** Asks for a new assessment; it is stored in the record, and shown when it is there. */
export function useAssess(patientId: string) {
  const request = useRequest()
  const queries = useQueryClient()
  return useMutation({
    mutationFn: () =>
      request<unknown>('/api/v1/explain/risk', {
        method: 'POST',
        body: { patient: patientId },
        timeoutMs: patienceMs,
      }),
    onSuccess: () => queries.invalidateQueries({ queryKey: keyOf(patientId) }),
  })
}
