// The reading of a series: how it stands, asked again each second while it runs, and what may be done with it.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useRequest } from '../../../app/session.ts'
import { masksKey } from '../viewer/use-masks.ts'
import {
  changeReading,
  decide,
  fetchReading,
  type Nodule,
  type Reading,
  type SeriesAddress,
  signReading,
  startReading,
} from './reading-api.ts'
import { isUnderWay } from './reading-view.ts'

const pollMs = 1000

/** What a person does with a reading. */
export type ReadingAct =
  | { readonly kind: 'start' }
  | { readonly kind: 'cancel' | 'retry'; readonly reading: Reading }
  | {
      readonly kind: 'decide'
      readonly reading: Reading
      readonly numbers: readonly number[]
      readonly decision: Nodule['decision']
    }
  | { readonly kind: 'sign'; readonly reading: Reading; readonly conclusion: string }

/** The reading, and the way to act on it. */
export function useReading(at: SeriesAddress) {
  const request = useRequest()
  const queries = useQueryClient()
  const key = ['imaging', 'reading', at.studyUid, at.seriesUid]
  const asked = useQuery({
    queryKey: key,
    queryFn: ({ signal }) => fetchReading(request, at, signal),
    refetchInterval: ({ state }) => (state.data != null && isUnderWay(state.data) ? pollMs : false),
  })
  const acted = useMutation({
    mutationFn: async (act: ReadingAct): Promise<unknown> => {
      switch (act.kind) {
        case 'start':
          return await startReading(request, at)
        case 'decide':
          return await decide(
            request,
            act.reading.id,
            act.numbers.map((number) => ({ number, decision: act.decision })),
          )
        case 'sign':
          return await signReading(request, act.reading, act.conclusion)
        case 'cancel':
        case 'retry':
          return await changeReading(request, act.reading.id, act.kind)
        default:
          return act satisfies never
      }
    },
    onSettled: async () => {
      await queries.invalidateQueries({ queryKey: key })
      await queries.invalidateQueries({ queryKey: masksKey(at.studyUid) })
    },
  })
  return { asked, act: acted.mutate, isActing: acted.isPending, failure: acted.error }
}
