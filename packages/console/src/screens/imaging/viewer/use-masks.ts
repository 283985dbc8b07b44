// The masks of the newest finished reading of a series.
import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { useRequest } from '../../../app/session.ts'
import { type MasksByInstance, masksByInstance, type ReadingMasks } from './masks.ts'

interface ReadingPage {
  readonly readings: readonly { readonly id: string; readonly series: string; readonly state: string }[]
}

const base = '/api/v1/imaging/readings'

/** Key of a study's masks among the queries; whoever changes a reading makes them stale by it. */
export const masksKey = (studyUid: string) => ['imaging', 'masks', studyUid] as const

/** The masks by SOP Instance UID; undefined when nothing was marked. */
export function useMasks(studyUid: string, seriesUid: string): MasksByInstance | undefined {
  const request = useRequest()
  const masks = useQuery({
    queryKey: [...masksKey(studyUid), seriesUid],
    queryFn: async ({ signal }) => {
      const { readings } = await request<ReadingPage>(`${base}?study=${studyUid}&_count=50`, { signal })
      const done = readings.find(
        ({ series, state }) => series === seriesUid && (state === 'ready' || state === 'signed'),
      )
      return done === undefined ? null : await request<ReadingMasks>(`${base}/${done.id}/masks`, { signal })
    },
    retry: false, // the images are shown without marks meanwhile
  })
  return useMemo(() => (masks.data == null ? undefined : masksByInstance(masks.data)), [masks.data])
}
