// Loads a series: the list of its images, then their frames, a few at a time from the middle outwards.
import { useQuery } from '@tanstack/react-query'
import { useEffect, useMemo, useRef, useState } from 'react'
import { useEmergencyReason } from '../../../app/emergency.ts'
import { useRequest } from '../../../app/session.ts'
import { fetchFrame, fetchMetadata } from '../imaging-api.ts'
import { maxVolumeBytes, middleOutwards, type SliceStack, stackOfSeries, unitsOf } from './volume.ts'

/** A series while it loads. */
export interface LoadingVolume {
  /** Undefined until the list of images is known; null when there is nothing to show. */
  readonly stack: SliceStack | null | undefined
  /** Hounsfield units by slice, where they have come. */
  readonly slices: readonly (Int16Array | undefined)[]
  readonly loaded: number
  readonly failed: number
  readonly isTooLarge: boolean
  readonly error: unknown
  readonly retry: () => void
}

interface Progress {
  readonly loaded: number
  readonly failed: number
}

const atOnce = 4

async function loadFrames(
  stack: SliceStack,
  given: {
    readonly base: string
    readonly reasonFor: (path: string) => string | undefined
    readonly slices: (Int16Array | undefined)[]
    readonly signal: AbortSignal
    readonly onFrame: (isLoaded: boolean) => void
  },
): Promise<void> {
  const { base, slices, signal, onFrame, reasonFor } = given
  const waiting = middleOutwards(stack.slices.length).filter((index) => slices[index] === undefined)
  const work = async (): Promise<void> => {
    for (let index = waiting.shift(); index !== undefined && !signal.aborted; index = waiting.shift()) {
      const info = stack.slices[index]
      if (info === undefined) continue
      try {
        const path = `${base}/instances/${info.sopInstanceUid}/frames/1`
        slices[index] = unitsOf(info, await fetchFrame(path, reasonFor(path), signal))
        onFrame(true)
      } catch (error) {
        if (signal.aborted) return
        console.warn('A frame could not be loaded.', error)
        onFrame(false)
      }
    }
  }
  await Promise.all(Array.from({ length: atOnce }, work))
}

/** Loads a series. */
export function useVolume(studyUid: string, seriesUid: string): LoadingVolume {
  const request = useRequest()
  const reasonFor = useEmergencyReason()
  const metadata = useQuery({
    queryKey: ['imaging', 'metadata', studyUid, seriesUid],
    queryFn: ({ signal }) => fetchMetadata(request, { studyUid, seriesUid }, signal),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
  })
  const stack = useMemo(
    () => (metadata.data === undefined ? undefined : (stackOfSeries(metadata.data) ?? null)),
    [metadata.data],
  )
  const slices = useRef<(Int16Array | undefined)[]>([])
  const [progress, setProgress] = useState<Progress>({ loaded: 0, failed: 0 })
  const [attempt, setAttempt] = useState(0)
  const bytes = stack == null ? 0 : stack.slices.length * stack.rows * stack.columns * 2
  const isTooLarge = bytes > maxVolumeBytes
  // biome-ignore lint/correctness/useExhaustiveDependencies: another attempt loads what is missing
  useEffect(() => {
    if (stack == null || isTooLarge) return
    const controller = new AbortController()
    if (slices.current.length !== stack.slices.length) {
      slices.current = new Array<Int16Array | undefined>(stack.slices.length).fill(undefined)
    }
    setProgress(({ loaded }) => ({ loaded, failed: 0 }))
    void loadFrames(stack, {
      base: `/dicom-web/studies/${studyUid}/series/${seriesUid}`,
      slices: slices.current,
      reasonFor,
      signal: controller.signal,
      onFrame: (isLoaded) =>
        setProgress((old) => (isLoaded ? { ...old, loaded: old.loaded + 1 } : { ...old, failed: old.failed + 1 })),
    })
    return () => controller.abort()
  }, [stack, isTooLarge, studyUid, seriesUid, attempt, reasonFor])
  return {
    ...{ stack, slices: slices.current, ...progress, isTooLarge, error: metadata.error },
    retry: () => (metadata.isError ? void metadata.refetch() : setAttempt((count) => count + 1)),
  }
}
