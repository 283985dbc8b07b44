// Filters of the worklist; what is chosen stands in the address.
import { NativeSelect, TextInput } from '@mantine/core'
import { useDebouncedCallback } from '@mantine/hooks'
import { useNavigate } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { useText } from '../../language/LanguageProvider.tsx'
import styles from './Imaging.module.css'
import { imagingText } from './text.ts'
import { linkStates, modalities, type WorklistFilters } from './worklist-search.ts'

const typingPauseMs = 300

function useSetFilter() {
  const navigate = useNavigate()
  return (change: WorklistFilters): void =>
    void navigate({
      to: '/imaging',
      search: (old) => ({ ...old, ...change }) as { readonly text?: string },
      replace: true,
      resetScroll: false,
    })
}

function TextField({ value = '' }: { readonly value: string | undefined }) {
  const text = useText(imagingText)
  const setFilter = useSetFilter()
  const [typed, setTyped] = useState(value)
  const send = useDebouncedCallback(
    (next: string) => setFilter({ text: next.trim() === '' ? undefined : next.trim() }),
    typingPauseMs,
  )
  useEffect(() => setTyped(value), [value])
  return (
    <TextInput
      autoComplete="off"
      label={text.text}
      maxLength={64}
      onChange={(event) => {
        setTyped(event.currentTarget.value)
        send(event.currentTarget.value)
      }}
      placeholder={text.textHint}
      spellCheck={false}
      value={typed}
    />
  )
}

/** The bar. */
export function WorklistFilterBar({ filters }: { readonly filters: WorklistFilters }) {
  const text = useText(imagingText)
  const setFilter = useSetFilter()
  const chosen = (value: string): string | undefined => (value === '' ? undefined : value)
  return (
    <search aria-label={text.filters} className={styles.filters}>
      <TextField value={filters.text} />
      <NativeSelect
        data={[{ value: '', label: text['modality.any'] }, ...modalities]}
        label={text.modality}
        onChange={(event) => setFilter({ modality: chosen(event.currentTarget.value) })}
        value={modalities.find((one) => one === filters.modality) ?? ''}
      />
      <NativeSelect
        data={[
          { value: '', label: text['state.any'] },
          ...linkStates.map((state) => ({ value: state, label: text[`state.${state}`] })),
        ]}
        label={text.state}
        onChange={(event) => setFilter({ state: chosen(event.currentTarget.value) })}
        value={linkStates.find((one) => one === filters.state) ?? ''}
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
