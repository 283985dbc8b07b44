// Encrypted computation as the screen asks for it; while a job is open, its context is asked again each second.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import type { Session } from '../../api/session.ts'
import { sessionKey, useRequest } from '../../app/session.ts'
import { fetchContexts, fetchJobs, fetchVectors, type JobWish, sendRaw, startJob } from './private-api.ts'
import { isMoving } from './private-view.ts'

const root = 'private'
const pollMs = 1000

/** The newest contexts. */
export function useContexts() {
  const request = useRequest()
  return useQuery({ queryKey: [root, 'contexts'], queryFn: ({ signal }) => fetchContexts(request, signal) })
}

/** The jobs of a context. */
export function useJobs(id: string) {
  const request = useRequest()
  return useQuery({
    queryKey: [root, 'jobs', id],
    queryFn: ({ signal }) => fetchJobs(request, id, signal),
    refetchInterval: ({ state }) => (isMoving(state.data ?? []) ? pollMs : false),
  })
}

/** The contributions and results of a context. */
export function useVectors(id: string) {
  const request = useRequest()
  return useQuery({ queryKey: [root, 'vectors', id], queryFn: ({ signal }) => fetchVectors(request, id, signal) })
}

/** Has the server compute. */
export function useStartJob(contextId: string) {
  const request = useRequest()
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (wish: JobWish) => startJob(request, contextId, wish),
    onSettled: () => queries.invalidateQueries({ queryKey: [root] }),
  })
}

/** Sends a file, or cancels a job. */
export function useSend() {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: ({ address, file }: { readonly address: string; readonly file?: Blob }) => {
      const csrfToken = queries.getQueryData<Session | null>(sessionKey)?.csrfToken ?? ''
      return sendRaw(
        address,
        file === undefined ? { method: 'DELETE', csrfToken } : { method: 'POST', body: file, csrfToken },
      )
    },
    onSettled: () => queries.invalidateQueries({ queryKey: [root] }),
  })
}
