// Users, apps and backend services: who may sign in, and what may be given tokens.
import { useSearch } from '@tanstack/react-router'
import { useCaller } from '../../app/session.ts'
import { Page } from '../../components/Page.tsx'
import { useText } from '../../language/LanguageProvider.tsx'
import { AddClient } from './AddClient.tsx'
import { AddUser } from './AddUser.tsx'
import { ClientList } from './ClientList.tsx'
import { accountsText } from './text.ts'
import { UserList } from './UserList.tsx'

/** The screen. */
export function Accounts() {
  const text = useText(accountsText)
  const { roles } = useCaller()
  const { user } = useSearch({ from: '/signed-in/accounts' })
  return (
    <Page about={text.about} title={text.title}>
      <UserList chosen={user} />
      {roles.includes('admin') ? (
        <>
          <h2>{text.addUser}</h2>
          <AddUser />
          <ClientList />
          <h2>{text.addClient}</h2>
          <AddClient />
        </>
      ) : null}
    </Page>
  )
}
