// The session as the screens use it: one query that everything else hangs on.
import { type QueryClient, queryOptions, useQueryClient } from '@tanstack/react-query'
import { useNavigate, useRouteContext } from '@tanstack/react-router'
import { useCallback } from 'react'
import type { Request } from '../api/client.ts'
import { fetchSession, type Session, signOut } from '../api/session.ts'

/** What every route is given. */
export interface AppContext {
  readonly request: Request
  readonly queries: QueryClient
}

/** Key of the session among the queries. */
export const sessionKey = ['session'] as const

/** Asks who is signed in; null when nobody is. */
export function sessionQuery(request: Request) {
  return queryOptions({
    queryKey: sessionKey,
    queryFn: ({ signal }) => fetchSession(request, signal),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: Number.POSITIVE_INFINITY,
  })
}

/** The way to ask the gateway. */
export function useRequest(): Request {
  return useRouteContext({ from: '__root__' }).request
}

/** Who is signed in, on the screens behind the sign-in. */
export function useCaller(): Session['caller'] {
  return useRouteContext({ from: '/signed-in' }).session.caller
}

const channelName = 'xinglin.session'

/** Tells the other tabs of this browser that somebody else is signed in now, or nobody. */
export function announceSession(): void {
  const channel = new BroadcastChannel(channelName)
  channel.postMessage('changed')
  channel.close()
}

/** Calls back when another tab signed in or out: what this one shows belongs to the person before. */
export function onSessionElsewhere(react: () => void): () => void {
  const channel = new BroadcastChannel(channelName)
  channel.addEventListener('message', react)
  return () => channel.close()
}

/** Ends the session and forgets everything that was loaded under it. */
export function useSignOut(): () => Promise<void> {
  const request = useRequest()
  const queries = useQueryClient()
  const navigate = useNavigate()
  return useCallback(async () => {
    // What was loaded is forgotten even when the server cannot be told; its session then ends by itself.
    await signOut(request).catch((error: unknown) => console.warn('The server was not told of the sign-out.', error))
    queries.clear()
    queries.setQueryData(sessionKey, null)
    announceSession()
    await navigate({ to: '/sign-in' })
  }, [request, queries, navigate])
}
