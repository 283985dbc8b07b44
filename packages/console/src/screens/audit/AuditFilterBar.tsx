// Filters of the audit trail; what is chosen stands in the address.
import { NativeSelect, TextInput } from '@mantine/core'
import { useDebouncedCallback } from '@mantine/hooks'
import { useNavigate } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { useText } from '../../language/LanguageProvider.tsx'
import styles from './Audit.module.css'
import { type AuditFilters, actions, outcomes } from './audit-search.ts'
import { auditText } from './text.ts'

const typingPauseMs = 400

function useSetFilter() {
  const navigate = useNavigate()
  return (change: AuditFilters): void =>
    void navigate({
      to: '/audit',
      search: (old) => ({ ...old, ...change, event: undefined }) as { readonly patient?: string },
      replace: true,
      resetScroll: false,
    })
}

interface TypedFieldProps {
  readonly label: string
  readonly placeholder?: string
  readonly value: string | undefined
  readonly onSet: (value: string | undefined) => void
}

// Each search is itself recorded: it waits until the typing ends.
function TypedField({ label, placeholder = '', value = '', onSet }: TypedFieldProps) {
  const [typed, setTyped] = useState(value)
  const send = useDebouncedCallback(
    (next: string) => onSet(next.trim() === '' ? undefined : next.trim()),
    typingPauseMs,
  )
  useEffect(() => setTyped(value), [value])
  return (
    <TextInput
      autoCapitalize="none"
      autoComplete="off"
      label={label}
      maxLength={64}
      onChange={(event) => {
        setTyped(event.currentTarget.value)
        send(event.currentTarget.value)
      }}
      placeholder={placeholder}
      spellCheck={false}
      value={typed}
    />
  )
}

/** The bar. */
export function AuditFilterBar({ filters }: { readonly filters: AuditFilters }) {
  const text = useText(auditText)
  const setFilter = useSetFilter()
  const chosen = (value: string): string | undefined => (value === '' ? undefined : value)
  return (
    <search className={styles.filters}>
      <TypedField label={text.patient} onSet={(patient) => setFilter({ patient })} value={filters.patient} />
      <TypedField
        label={text.agent}
        onSet={(agent) => setFilter({ agent })}
        placeholder={text.agentHint}
        value={filters.agent}
      />
      <NativeSelect
        data={[
          { value: '', label: text['action.any'] },
          ...actions.map((action) => ({ value: action, label: text[`action.${action}`] })),
        ]}
        label={text.action}
        onChange={(event) => setFilter({ action: chosen(event.currentTarget.value) })}
        value={actions.find((action) => action === filters.action) ?? ''}
      />
      <NativeSelect
        data={[
          { value: '', label: text['outcome.any'] },
          ...outcomes.map((outcome) => ({ value: outcome, label: text[`outcome.${outcome}`] })),
        ]}
        label={text.outcome}
        onChange={(event) => setFilter({ outcome: chosen(event.currentTarget.value) })}
        value={outcomes.find((outcome) => outcome === filters.outcome) ?? ''}
      />
      {(['from', 'to'] as const).map((end) => (
        <TextInput
          key={end}
          label={text[end]}
          onChange={(event) => setFilter({ [end]: chosen(event.currentTarget.value) })}
          type="date"
          value={filters[end] ?? ''}
        />
      ))}
    </search>
  )
}
