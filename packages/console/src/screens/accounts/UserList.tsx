// The users; one is chosen by its address.
import { TextInput } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import type { User } from '../../api/accounts.ts'
import { shellText } from '../../app/text.ts'
import { minuteText } from '../../clinical/dates.ts'
import { nameFor } from '../../clinical/names.ts'
import type { PlainColumn } from '../../components/PlainTable.tsx'
import { TableSection } from '../../components/TableSection.tsx'
import { fill } from '../../language/fill.ts'
import { useLanguage, useText } from '../../language/LanguageProvider.tsx'
import styles from './Accounts.module.css'
import { useUsers } from './account-queries.ts'
import { OneUser } from './OneUser.tsx'
import { accountsText } from './text.ts'

const typingPauseMs = 250

function StateMark({ user }: { readonly user: User }) {
  const text = useText(accountsText)
  return (
    <span className={styles.mark} data-tone={user.enabled ? 'good' : 'danger'}>
      {user.enabled ? text.enabled : text.disabled}
      {user.demo ? ` · ${text.demo}` : ''}
    </span>
  )
}

/** The list, and the chosen user below it. */
export function UserList({ chosen }: { readonly chosen: string | undefined }) {
  const text = useText(accountsText)
  const shell = useText(shellText)
  const { language } = useLanguage()
  const [typed, setTyped] = useState('')
  const [query] = useDebouncedValue(typed.trim(), typingPauseMs)
  const asked = useUsers(query)
  const one = asked.data?.find(({ username }) => username === chosen)
  const columns: readonly PlainColumn<User>[] = [
    {
      key: 'username',
      label: text.username,
      cell: ({ username }) => (
        <Link replace resetScroll={false} search={{ user: username }} to="/accounts">
          {username}
        </Link>
      ),
    },
    { key: 'name', label: text.name, cell: ({ name }) => nameFor(language, name) },
    { key: 'roles', label: text.roles, cell: ({ roles }) => roles.map((role) => shell[`role.${role}`]).join(' · ') },
    { key: 'state', label: text.state, cell: (user) => <StateMark user={user} /> },
    {
      key: 'signedIn',
      label: text.signedIn,
      isFixed: true,
      cell: ({ signedInAt }) => (signedInAt === undefined ? text.never : (minuteText(signedInAt) ?? '–')),
    },
  ]
  return (
    <>
      <div className={styles.search}>
        <TextInput
          label={text.searchUsers}
          maxLength={100}
          onChange={(event) => setTyped(event.currentTarget.value)}
          type="search"
          value={typed}
        />
      </div>
      <TableSection
        asked={asked}
        columns={columns}
        loading={text.loadingUsers}
        none={text.noUsers}
        noneReason={text.noUsersReason}
        rowKey={({ username }) => username}
        rows={(rows) => rows}
        title={text.users}
      />
      {one === undefined ? (
        <p className="quiet">{text.chooseUser}</p>
      ) : (
        <section aria-label={fill(text.changeUser, { username: one.username })}>
          <h2>{fill(text.changeUser, { username: one.username })}</h2>
          <OneUser key={one.username} user={one} />
        </section>
      )}
    </>
  )
}
