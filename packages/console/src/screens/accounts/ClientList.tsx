// The registered apps and backend services, each with the way to let it in or no more.
import { Button } from '@mantine/core'
import type { AppClient } from '../../api/accounts.ts'
import { FailurePanel } from '../../components/FailurePanel.tsx'
import type { PlainColumn } from '../../components/PlainTable.tsx'
import { TableSection } from '../../components/TableSection.tsx'
import { useText } from '../../language/LanguageProvider.tsx'
import styles from './Accounts.module.css'
import { useClients, useEnableClient } from './account-queries.ts'
import { accountsText } from './text.ts'

/** The list. */
export function ClientList() {
  const text = useText(accountsText)
  const asked = useClients()
  const change = useEnableClient()
  const columns: readonly PlainColumn<AppClient>[] = [
    { key: 'id', label: text.client, cell: ({ id }) => <code>{id}</code> },
    { key: 'name', label: text.name, cell: ({ name }) => name },
    { key: 'kind', label: text.kind, cell: ({ kind }) => text[`kind.${kind}`] },
    { key: 'scopes', label: text.scopes, cell: ({ scopes }) => <code>{scopes.join(' ')}</code> },
    {
      key: 'state',
      label: text.state,
      cell: ({ enabled }) => (
        <span className={styles.mark} data-tone={enabled ? 'good' : 'danger'}>
          {enabled ? text.enabled : text.disabled}
        </span>
      ),
    },
    {
      key: 'action',
      label: text.action,
      cell: (client) => (
        <Button
          aria-label={`${client.enabled ? text.disable : text.enable}: ${client.name}`}
          disabled={change.isPending}
          onClick={() => change.mutate({ client, enabled: !client.enabled })}
          size="compact-sm"
          variant="default"
        >
          {client.enabled ? text.disable : text.enable}
        </Button>
      ),
    },
  ]
  return (
    <>
      <TableSection
        asked={asked}
        columns={columns}
        loading={text.loadingClients}
        none={text.noClients}
        noneReason={text.noClientsReason}
        rowKey={({ id }) => id}
        rows={(rows) => rows}
        title={text.clients}
      />
      {change.error === null ? null : <FailurePanel error={change.error} isCompact />}
    </>
  )
}
