// Users and clients as the screen asks for them; a change makes the lists fresh.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import {
  type AppClient,
  addClient,
  addUser,
  type ClientWish,
  changeUser,
  enableClient,
  fetchClients,
  fetchUsers,
  setPassword,
  type User,
  type UserWish,
} from '../../api/accounts.ts'
import { useRequest } from '../../app/session.ts'

const root = 'accounts'

/** The users whose name contains a text. */
export function useUsers(query: string) {
  const request = useRequest()
  return useQuery({
    queryKey: [root, 'users', query],
    queryFn: ({ signal }) => fetchUsers(request, query, signal),
    placeholderData: (before) => before,
  })
}

/** The clients. */
export function useClients() {
  const request = useRequest()
  return useQuery({ queryKey: [root, 'clients'], queryFn: ({ signal }) => fetchClients(request, signal) })
}

function useChange<Wish, Answer>(work: (request: ReturnType<typeof useRequest>, wish: Wish) => Promise<Answer>) {
  const request = useRequest()
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (wish: Wish) => work(request, wish),
    onSettled: () => queries.invalidateQueries({ queryKey: [root] }),
  })
}

/** Adds a user. */
export const useAddUser = () =>
  useChange((request, wish: UserWish & { readonly username: string; readonly password: string }) =>
    addUser(request, wish),
  )

/** Changes a user. */
export const useChangeUser = (user: User) => useChange((request, wish: UserWish) => changeUser(request, user, wish))

/** Sets a user's password. */
export const useSetPassword = (username: string) =>
  useChange((request, password: string) => setPassword(request, username, password))

/** Registers a client. */
export const useAddClient = () => useChange((request, wish: ClientWish) => addClient(request, wish))

/** Lets a client in, or no more. */
export const useEnableClient = () =>
  useChange((request, { client, enabled }: { readonly client: AppClient; readonly enabled: boolean }) =>
    enableClient(request, client, enabled),
  )
