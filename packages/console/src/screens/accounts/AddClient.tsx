// Registers an app or a backend service; a secret is shown once.
import { Button, NativeSelect, Textarea, TextInput } from '@mantine/core'
import { useRef, useState } from 'react'
import type { ClientKind } from '../../api/accounts.ts'
import { shellText } from '../../app/text.ts'
import { FailurePanel } from '../../components/FailurePanel.tsx'
import { fill } from '../../language/fill.ts'
import { useText } from '../../language/LanguageProvider.tsx'
import styles from './Accounts.module.css'
import { useAddClient } from './account-queries.ts'
import { clientKinds, clientWish, serviceRoles, usualScopes } from './account-view.ts'
import { accountsText } from './text.ts'

function KindFields({ kind }: { readonly kind: ClientKind }) {
  const text = useText(accountsText)
  const shell = useText(shellText)
  const roles = serviceRoles.map((value) => ({ value, label: shell[`role.${value}`] }))
  const hasKeys = kind === 'asymmetric' || kind === 'backend'
  return (
    <>
      {kind === 'backend' ? <NativeSelect data={roles} label={text.serviceRole} name="role" /> : null}
      {hasKeys ? <TextInput label={text.keysAddress} maxLength={500} name="jwksUri" required type="url" /> : null}
      {kind === 'backend' ? null : (
        <Textarea
          autosize
          className={styles.wide}
          label={`${text.redirects} (${text.redirectsHint})`}
          name="redirectUris"
          required
        />
      )}
    </>
  )
}

/** The form. */
export function AddClient() {
  const text = useText(accountsText)
  const [kind, setKind] = useState<ClientKind>('public')
  const form = useRef<HTMLFormElement>(null)
  const add = useAddClient()
  const kinds = clientKinds.map((value) => ({ value, label: text[`kind.${value}`] }))
  const choose = (value: string): void => setKind(clientKinds.find((known) => known === value) ?? 'public')
  return (
    <form
      aria-label={text.addClient}
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault()
        const wish = clientWish(new FormData(event.currentTarget))
        add.mutate(wish, { onSuccess: () => form.current?.reset() })
      }}
      ref={form}
    >
      <NativeSelect
        data={kinds}
        label={text.kind}
        name="kind"
        onChange={(event) => choose(event.currentTarget.value)}
        value={kind}
      />
      <TextInput autoCapitalize="none" autoComplete="off" label={text.client} maxLength={64} name="id" required />
      <TextInput label={text.name} maxLength={80} name="name" required />
      <TextInput
        className={styles.wide}
        defaultValue={usualScopes(kind)}
        key={kind === 'backend' ? 'backend' : 'app'}
        label={`${text.scopes} (${text.scopesHint})`}
        name="scopes"
        required
      />
      <KindFields kind={kind} />
      <div className={styles.wide}>
        <Button disabled={add.isPending} type="submit">
          {text.register}
        </Button>
        {add.isSuccess ? (
          <p role="status">
            {add.data.secret === undefined
              ? fill(text.added, { name: add.variables.name })
              : fill(text.secret, { name: add.variables.name })}
            {add.data.secret === undefined ? null : <code className={styles.secret}>{add.data.secret}</code>}
          </p>
        ) : null}
        {add.error === null ? null : <FailurePanel error={add.error} isCompact />}
      </div>
    </form>
  )
}
