// The own account: which apps have access, taking it back, a new password.
import { Button, TextInput } from '@mantine/core'
import { useRef } from 'react'
import type { AppAccess } from '../../api/accounts.ts'
import { minuteText } from '../../clinical/dates.ts'
import { FailurePanel } from '../../components/FailurePanel.tsx'
import { NewPasswordField } from '../../components/NewPasswordField.tsx'
import { Page } from '../../components/Page.tsx'
import type { PlainColumn } from '../../components/PlainTable.tsx'
import { TableSection } from '../../components/TableSection.tsx'
import { useText } from '../../language/LanguageProvider.tsx'
import styles from '../accounts/Accounts.module.css'
import { useApps, useEndAccess, useOwnPassword } from './own-queries.ts'
import { ownAccountText } from './text.ts'

function Apps() {
  const text = useText(ownAccountText)
  const asked = useApps()
  const end = useEndAccess()
  const columns: readonly PlainColumn<AppAccess>[] = [
    { key: 'name', label: text.app, cell: ({ name }) => name },
    { key: 'scopes', label: text.scopes, cell: ({ scopes }) => <code>{scopes.join(' ')}</code> },
    { key: 'patient', label: text.patient, cell: ({ patient }) => patient ?? '–' },
    { key: 'since', label: text.since, isFixed: true, cell: ({ grantedAt }) => minuteText(grantedAt) ?? '–' },
    {
      key: 'action',
      label: text.action,
      cell: ({ grant, name }) => (
        <Button
          aria-label={`${text.end}: ${name}`}
          disabled={end.isPending}
          onClick={() => end.mutate(grant)}
          size="compact-sm"
          variant="default"
        >
          {text.end}
        </Button>
      ),
    },
  ]
  return (
    <>
      <TableSection
        asked={asked}
        columns={columns}
        loading={text.loading}
        none={text.none}
        noneReason={text.noneReason}
        rowKey={({ grant }) => grant}
        rows={(rows) => rows}
        title={text.apps}
      />
      {end.isSuccess ? <p role="status">{text.ended}</p> : null}
      {end.error === null ? null : <FailurePanel error={end.error} isCompact />}
    </>
  )
}

function Password() {
  const text = useText(ownAccountText)
  const form = useRef<HTMLFormElement>(null)
  const change = useOwnPassword()
  return (
    <form
      aria-label={text.password}
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault()
        const sent = new FormData(event.currentTarget)
        const [current, password] = [String(sent.get('current') ?? ''), String(sent.get('password') ?? '')]
        change.mutate({ current, password }, { onSuccess: () => form.current?.reset() })
      }}
      ref={form}
    >
      <TextInput
        autoComplete="current-password"
        label={text.current}
        maxLength={128}
        name="current"
        required
        type="password"
      />
      <NewPasswordField hint={text.nextHint} label={text.next} />
      <div className={styles.wide}>
        <Button disabled={change.isPending} type="submit">
          {text.change}
        </Button>
        {change.isSuccess ? <p role="status">{text.changed}</p> : null}
        {change.error === null ? null : <FailurePanel error={change.error} isCompact />}
      </div>
    </form>
  )
}

/** The screen. */
export function OwnAccount() {
  const text = useText(ownAccountText)
  return (
    <Page about={text.about} title={text.title}>
      <Apps />
      <h2>{text.password}</h2>
      <Password />
    </Page>
  )
}
