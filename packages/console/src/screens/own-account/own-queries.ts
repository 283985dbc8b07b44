// The own account as the screen asks for it.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { changeOwnPassword, endAccess, fetchApps } from '../../api/accounts.ts'
import { useRequest } from '../../app/session.ts'

const root = 'own-account'

/** The apps with access. */
export function useApps() {
  const request = useRequest()
  return useQuery({ queryKey: [root, 'apps'], queryFn: ({ signal }) => fetchApps(request, signal) })
}

/** Takes an app's access back. */
export function useEndAccess() {
  const request = useRequest()
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (grant: string) => endAccess(request, grant),
    onSettled: () => queries.invalidateQueries({ queryKey: [root] }),
  })
}

/** Changes the own password. */
export function useOwnPassword() {
  const request = useRequest()
  return useMutation({
    mutationFn: (wish: { readonly current: string; readonly password: string }) => changeOwnPassword(request, wish),
  })
}
