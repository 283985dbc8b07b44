// Federations as the screen asks for them: once, and again whenever the feed tells that something happened.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import {
  changeFederation,
  type FederationEvent,
  feedAddress,
  fetchFederation,
  fetchFederations,
  fetchFeed,
  fetchRounds,
} from '../../api/federations.ts'
import { useRequest } from '../../app/session.ts'

const root = 'federations'
const listKey = [root, 'list'] as const
const oneKey = (id: string) => [root, 'one', id] as const
const roundsKey = (id: string) => [root, 'rounds', id] as const
const feedKey = (id: string) => [root, 'feed', id] as const
const kinds = [
  ...['started', 'resumed', 'site-joined', 'site-left', 'waiting', 'standardised', 'round-opened', 'site-returned'],
  ...['site-dropped', 'round-short', 'aggregated', 'evaluated', 'registered', 'not-registered', 'finished'],
  ...['cancelled', 'failed'],
]

/** The newest federations. */
export function useFederations() {
  const request = useRequest()
  return useQuery({ queryKey: listKey, queryFn: ({ signal }) => fetchFederations(request, signal) })
}

/** One federation with its sites. */
export function useFederation(id: string) {
  const request = useRequest()
  return useQuery({ queryKey: oneKey(id), queryFn: ({ signal }) => fetchFederation(request, id, signal) })
}

/** Its rounds. */
export function useRounds(id: string) {
  const request = useRequest()
  return useQuery({ queryKey: roundsKey(id), queryFn: ({ signal }) => fetchRounds(request, id, signal) })
}

/** Its feed so far; {@link useLiveFeed} adds to it. */
export function useFeed(id: string) {
  const request = useRequest()
  return useQuery({ queryKey: feedKey(id), queryFn: ({ signal }) => fetchFeed(request, id, signal) })
}

/** Starting and cancelling. */
export function useChange(id: string) {
  const request = useRequest()
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (change: 'start' | 'cancel') => changeFederation(request, id, change),
    onSettled: () => queries.invalidateQueries({ queryKey: [root] }),
  })
}

/** Follows the feed while the federation runs; says whether the line stands. */
export function useLiveFeed(id: string, isRunning: boolean, isLoaded: boolean): 'off' | 'live' | 'lost' {
  const queries = useQueryClient()
  const [line, setLine] = useState<'off' | 'live' | 'lost'>('off')
  useEffect(() => {
    if (!isRunning || !isLoaded) {
      setLine('off')
      return
    }
    const known = queries.getQueryData<readonly FederationEvent[]>(feedKey(id))
    const source = new EventSource(feedAddress(id, known?.at(-1)?.id ?? 0))
    const take = ({ data }: MessageEvent<string>): void => {
      const event = JSON.parse(data) as FederationEvent
      queries.setQueryData<readonly FederationEvent[]>(feedKey(id), (old = []) =>
        old.some((one) => one.id === event.id) ? old : [...old, event],
      )
      void queries.invalidateQueries({ queryKey: oneKey(id) })
      if (event.kind === 'evaluated') void queries.invalidateQueries({ queryKey: roundsKey(id) })
    }
    for (const kind of kinds) source.addEventListener(kind, take)
    source.addEventListener('open', () => setLine('live'))
    source.addEventListener('error', () => setLine('lost')) // the browser connects again by itself
    return () => source.close()
  }, [id, isRunning, isLoaded, queries])
  return line
}
