// What the chart asks the record store for; each part is fetched once and shared by the chart's sections.
import { useQuery } from '@tanstack/react-query'
import type { AllergyIntolerance, FhirResource, Patient } from '../../api/fhir.ts'
import { type Collected, fetchAll, type SearchValues, searchPath } from '../../api/search.ts'
import { useRequest } from '../../app/session.ts'

const pageSize = 1000
const maxPages = 10

/** The patient. */
export function usePatient(patientId: string) {
  const request = useRequest()
  return useQuery({
    queryKey: ['chart', patientId, 'Patient'],
    queryFn: ({ signal }) => request<Patient>(`/fhir/Patient/${encodeURIComponent(patientId)}`, { signal }),
  })
}

/** All records of one type that concern the patient, up to ten thousand. */
export function useRecords<T extends FhirResource>(
  patientId: string,
  type: T['resourceType'],
  values: SearchValues = [],
) {
  const request = useRequest()
  const path = searchPath(`/fhir/${type}`, [['patient', patientId], ...values, ['_count', pageSize]])
  return useQuery<Collected<T>>({
    queryKey: ['chart', patientId, path],
    queryFn: ({ signal }) => fetchAll<T>(request, path, { signal, maxPages }),
  })
}

/** The patient's allergies. */
export function useAllergies(patientId: string) {
  return useRecords<AllergyIntolerance>(patientId, 'AllergyIntolerance')
}
