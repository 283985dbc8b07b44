// The state of the trail and its verification; asked for when a person wants it, because asking is itself recorded.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { fetchTrailState, fetchVerification, startVerification, type Verification } from '../../api/audit.ts'
import { useRequest } from '../../app/session.ts'

const pollMs = 1000
const stateKey = ['audit', 'state'] as const
const verificationKey = ['audit', 'verification'] as const

/** The state of the trail. */
export function useTrailState() {
  const request = useRequest()
  return useQuery({
    queryKey: stateKey,
    queryFn: ({ signal }) => fetchTrailState(request, signal),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
  })
}

/** Verification: how it stands (asked again each second while it runs), and the way to start it. */
export function useVerification(known: Verification | undefined) {
  const request = useRequest()
  const queries = useQueryClient()
  const started = useMutation({
    mutationFn: () => startVerification(request),
    onSuccess: (verification) => queries.setQueryData(verificationKey, verification),
  })
  const watched = useQuery({
    queryKey: verificationKey,
    queryFn: async ({ signal }) => {
      const verification = await fetchVerification(request, signal)
      if (verification.state !== 'running') void queries.invalidateQueries({ queryKey: stateKey })
      return verification
    },
    enabled: started.isSuccess || known?.state === 'running',
    refetchInterval: ({ state }) => (state.data === undefined || state.data.state === 'running' ? pollMs : false),
    staleTime: pollMs / 2,
    gcTime: 0,
  })
  const verification = watched.data ?? started.data ?? known
  return {
    verification,
    start: () => started.mutate(),
    isStarting: started.isPending,
    error: started.error ?? watched.error,
  }
}
