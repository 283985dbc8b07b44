// What the chart asks the record store for; each part is fetched once and shared by the chart's sections.
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import type {
  AllergyIntolerance,
  Condition,
  Encounter,
  FhirResource,
  Immunization,
  MedicationRequest,
  Observation,
  Patient,
  Procedure,
} from '../../api/fhir.ts'
import { type Collected, fetchAll, fetchPage, type SearchValues, searchPath } from '../../api/search.ts'
import { useRequest } from '../../app/session.ts'

const pageSize = 1000
const maxPages = 10
const latestCount = 300
// A screen of tests stands at once; older results are asked for when somebody wants them.
const observationCount = 400

/** Id of the patient whose chart is open. */
export function usePatientId(): string {
  return useParams({ from: '/signed-in/patients/$patientId' }).patientId
}

/** The patient. */
export function usePatient(patientId: string) {
  const request = useRequest()
  return useQuery({
    queryKey: ['chart', patientId, 'Patient'],
    queryFn: ({ signal }) => request<Patient>(`/fhir/Patient/${encodeURIComponent(patientId)}`, { signal }),
  })
}

function useRecords<T extends FhirResource>(patientId: string, type: T['resourceType'], values: SearchValues = []) {
  const request = useRequest()
  const path = searchPath(`/fhir/${type}`, [['patient', patientId], ...values, ['_count', pageSize]])
  return useQuery<Collected<T>>({
    queryKey: ['chart', patientId, path],
    queryFn: ({ signal }) => fetchAll<T>(request, path, { signal, maxPages }),
  })
}

/** The patient's allergies. */
export const useAllergies = (patientId: string) => useRecords<AllergyIntolerance>(patientId, 'AllergyIntolerance')
/** The patient's conditions. */
export const useConditions = (patientId: string) => useRecords<Condition>(patientId, 'Condition')
/** The patient's prescriptions. */
export const useMedications = (patientId: string) => useRecords<MedicationRequest>(patientId, 'MedicationRequest')
/** The patient's procedures. */
export const useProcedures = (patientId: string) => useRecords<Procedure>(patientId, 'Procedure')
/** The patient's immunizations. */
export const useImmunizations = (patientId: string) => useRecords<Immunization>(patientId, 'Immunization')
/** The patient's encounters, newest first. */
export const useEncounters = (patientId: string) => useRecords<Encounter>(patientId, 'Encounter', [['_sort', '-date']])

/** The newest encounters, for the summary. */
export function useRecentEncounters(patientId: string, count: number) {
  const request = useRequest()
  const path = searchPath('/fhir/Encounter', [
    ['patient', patientId],
    ['_sort', '-date'],
    ['_count', count],
  ])
  return useQuery({
    queryKey: ['chart', patientId, path],
    queryFn: ({ signal }) => fetchPage<Encounter>(request, path, signal),
  })
}

/** The newest observations, enough for the latest value of each test in use. */
export function useLatestObservations(patientId: string) {
  const request = useRequest()
  const path = searchPath('/fhir/Observation', [
    ['patient', patientId],
    ['_sort', '-date'],
    ['_count', latestCount],
  ])
  return useQuery({
    queryKey: ['chart', patientId, path],
    queryFn: ({ signal }) => fetchPage<Observation>(request, path, signal),
  })
}

/** Observations newest first, a page at a time. */
export function useObservationPages(patientId: string) {
  const request = useRequest()
  const first = searchPath('/fhir/Observation', [
    ['patient', patientId],
    ['_sort', '-date'],
    ['_count', observationCount],
  ])
  return useInfiniteQuery({
    queryKey: ['chart', patientId, 'pages', first],
    queryFn: ({ pageParam, signal }) => fetchPage<Observation>(request, pageParam, signal),
    initialPageParam: first,
    getNextPageParam: ({ next }) => next,
  })
}

/** Every observation of one test, up to ten thousand; `code` is `system|code`. */
export function useTest(patientId: string, code: string | undefined) {
  const request = useRequest()
  const path = searchPath('/fhir/Observation', [
    ['patient', patientId],
    ['code', code],
    ['_sort', '-date'],
    ['_count', pageSize],
  ])
  return useQuery({
    queryKey: ['chart', patientId, path],
    queryFn: ({ signal }) => fetchAll<Observation>(request, path, { signal, maxPages }),
    enabled: code !== undefined,
  })
}
