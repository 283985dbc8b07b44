// The map and the experiments as the screen asks for them: again every ten seconds while it is open.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { abortExperiment, fetchExperiment, fetchExperiments, fetchMap } from '../../api/chaos.ts'
import { fetchTargets } from '../../api/targets.ts'
import { useRequest } from '../../app/session.ts'

const root = 'operations'
const againMs = 10_000

/** The map. */
export function useMap() {
  const request = useRequest()
  return useQuery({
    queryKey: [root, 'map'],
    queryFn: ({ signal }) => fetchMap(request, signal),
    refetchInterval: againMs,
  })
}

/** Where the gateway sends requests. */
export function useTargets() {
  const request = useRequest()
  return useQuery({
    queryKey: [root, 'targets'],
    queryFn: ({ signal }) => fetchTargets(request, signal),
    refetchInterval: againMs / 2,
  })
}

/** The newest experiments. */
export function useExperiments() {
  const request = useRequest()
  return useQuery({
    queryKey: [root, 'experiments'],
    queryFn: ({ signal }) => fetchExperiments(request, signal),
    refetchInterval: againMs,
  })
}

/** One experiment. */
export function useExperiment(id: string) {
  const request = useRequest()
  return useQuery({
    queryKey: [root, 'experiment', id],
    queryFn: ({ signal }) => fetchExperiment(request, id, signal),
    refetchInterval: ({ state }) => (state.data?.state === 'running' ? againMs / 5 : false),
  })
}

/** Ends a running experiment. */
export function useAbort(id: string) {
  const request = useRequest()
  const queries = useQueryClient()
  return useMutation({
    mutationFn: () => abortExperiment(request, id),
    onSettled: () => queries.invalidateQueries({ queryKey: [root] }),
  })
}
