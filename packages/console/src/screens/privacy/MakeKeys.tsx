// Makes keys in this browser: the secret one is saved by its owner and never sent, the public context is saved or sent.
import { Button, NativeSelect } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { FailurePanel } from '../../components/FailurePanel.tsx'
import { useText } from '../../language/LanguageProvider.tsx'
import type { KeyParameters } from './keys/key-request.ts'
import { keysText } from './keys/keys-text.ts'
import { makeOwnKeys } from './keys/make-own-keys.ts'
import styles from './Privacy.module.css'
import { contextsAddress } from './private-api.ts'
import { useSend } from './private-queries.ts'
import { privacyText } from './text.ts'

interface Files {
  readonly secretUrl: string
  readonly sharedUrl: string
  readonly shared: Blob
}

async function filesOf(parameters: KeyParameters): Promise<Files> {
  const { secret, shared } = await makeOwnKeys(parameters)
  const [kept, given] = [secret, shared].map((bytes) => new Blob([bytes], { type: 'application/octet-stream' }))
  if (kept === undefined || given === undefined) throw new Error('The keys are missing')
  return { secretUrl: URL.createObjectURL(kept), sharedUrl: URL.createObjectURL(given), shared: given }
}

function Made({ files }: { readonly files: Files }) {
  const text = useText(keysText)
  const words = useText(privacyText)
  const send = useSend()
  const { secretUrl, sharedUrl, shared } = files
  useEffect(
    () => () => {
      URL.revokeObjectURL(secretUrl)
      URL.revokeObjectURL(sharedUrl)
    },
    [secretUrl, sharedUrl],
  )
  return (
    <>
      <p role="status">{text.made}</p>
      <div className={styles.form}>
        <Button component="a" download="secret.tenseal" href={secretUrl}>
          {text.saveSecret}
        </Button>
        <Button component="a" download="public.tenseal" href={sharedUrl} variant="default">
          {text.savePublic}
        </Button>
        <Button
          disabled={send.isPending || send.isSuccess}
          onClick={() => send.mutate({ address: contextsAddress(words.contextLabel, 1), file: shared })}
          variant="default"
        >
          {send.isSuccess ? text.sent : text.sendPublic}
        </Button>
      </div>
      {send.error === null ? null : <FailurePanel error={send.error} isCompact />}
    </>
  )
}

/** The part of the page. */
export function MakeKeys() {
  const text = useText(keysText)
  const [parameters, setParameters] = useState<KeyParameters>('two-levels')
  const making = useMutation({ mutationFn: filesOf })
  return (
    <section aria-label={text.title} className={styles.party}>
      <h2>{text.title}</h2>
      <p>{text.about}</p>
      <div className={styles.form}>
        <NativeSelect
          data={(['two-levels', 'four-levels'] as const).map((value) => ({ value, label: text[value] }))}
          label={text.parameters}
          onChange={({ currentTarget }) =>
            setParameters(currentTarget.value === 'four-levels' ? 'four-levels' : 'two-levels')
          }
          value={parameters}
        />
        <Button disabled={making.isPending} onClick={() => making.mutate(parameters)} variant="default">
          {making.isPending ? text.making : text.make}
        </Button>
      </div>
      {making.isError ? <p role="alert">{text.failed}</p> : null}
      {making.data === undefined ? null : <Made files={making.data} key={making.data.secretUrl} />}
    </section>
  )
}
