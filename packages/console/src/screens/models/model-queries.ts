// Models as the screen asks for them; what the server does with them is asked again every few seconds.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import {
  changeStage,
  fetchIndex,
  fetchModel,
  fetchModels,
  fetchVersion,
  type ModelVersion,
  type Stage,
} from '../../api/models.ts'
import { useRequest } from '../../app/session.ts'

const root = 'models'
const liveEveryMs = 5000

/** The registered models. */
export function useModels() {
  const request = useRequest()
  return useQuery({ queryKey: [root, 'list'], queryFn: ({ signal }) => fetchModels(request, signal) })
}

/** Which models the server has loaded. */
export function useIndex() {
  const request = useRequest()
  return useQuery({
    queryKey: [root, 'index'],
    queryFn: ({ signal }) => fetchIndex(request, signal),
    refetchInterval: liveEveryMs,
  })
}

/** One model with its versions and what the server does with it. */
export function useModel(name: string) {
  const request = useRequest()
  return useQuery({
    queryKey: [root, 'one', name],
    queryFn: ({ signal }) => fetchModel(request, name, signal),
    refetchInterval: liveEveryMs,
  })
}

/** One version with its card. */
export function useVersion(name: string, version: number) {
  const request = useRequest()
  return useQuery({
    queryKey: [root, 'version', name, version],
    queryFn: ({ signal }) => fetchVersion(request, name, version, signal),
  })
}

/** Changing a version's stage. */
export function useStageChange(name: string) {
  const request = useRequest()
  const queries = useQueryClient()
  return useMutation({
    mutationFn: ({ version, stage }: { readonly version: ModelVersion; readonly stage: Stage }) =>
      changeStage(request, name, version, stage),
    onSettled: () => queries.invalidateQueries({ queryKey: [root] }),
  })
}
