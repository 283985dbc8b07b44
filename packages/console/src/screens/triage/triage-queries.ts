// Triage as the screens ask for it.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useRequest } from '../../app/session.ts'
import {
  type Beginning,
  beginInterview,
  fetchFindings,
  fetchInterview,
  fetchInterviews,
  type Step,
  takeStep,
} from './triage-api.ts'

const root = 'triage'
const oneKey = (id: string) => [root, 'one', id] as const

/** Symptoms whose name has the text; asked from the first letter on. */
export function useFindings(text: string) {
  const request = useRequest()
  return useQuery({
    queryKey: [root, 'findings', text],
    queryFn: ({ signal }) => fetchFindings(request, text, signal),
    enabled: text.trim() !== '',
    staleTime: Number.POSITIVE_INFINITY,
  })
}

/** The newest interviews. */
export function useInterviews() {
  const request = useRequest()
  return useQuery({ queryKey: [root, 'list'], queryFn: ({ signal }) => fetchInterviews(request, signal) })
}

/** One interview. */
export function useInterview(id: string) {
  const request = useRequest()
  return useQuery({ queryKey: oneKey(id), queryFn: ({ signal }) => fetchInterview(request, id, signal) })
}

/** Begins an interview. */
export function useBegin() {
  const request = useRequest()
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (beginning: Beginning) => beginInterview(request, beginning),
    onSuccess: (begun) => {
      queries.setQueryData(oneKey(begun.id), begun)
      void queries.invalidateQueries({ queryKey: [root, 'list'] })
    },
  })
}

/** Takes steps of an interview; a refused step loads it anew, for another window may have gone on. */
export function useStep(id: string) {
  const request = useRequest()
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (step: Step) => takeStep(request, id, step),
    onSuccess: (after) => {
      queries.setQueryData(oneKey(id), after)
      void queries.invalidateQueries({ queryKey: [root, 'list'] })
    },
    onError: () => void queries.invalidateQueries({ queryKey: oneKey(id) }),
  })
}
