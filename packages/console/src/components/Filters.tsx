// Fields of a filter bar: a text that waits until the typing ends, one choice of several, and a period of days.
import { NativeSelect, TextInput } from '@mantine/core'
import { useDebouncedCallback } from '@mantine/hooks'
import { useEffect, useState } from 'react'

const typingPauseMs = 400

type OnSet = (value: string | undefined) => void

interface TypedFilterProps {
  readonly label: string
  readonly placeholder?: string
  readonly value: string | undefined
  readonly onSet: OnSet
}

/** A text; each search may itself be recorded, so it waits until the typing ends. */
export function TypedFilter({ label, placeholder = '', value = '', onSet }: TypedFilterProps) {
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

interface ChoiceFilterProps<Value extends string> {
  readonly label: string
  /** Words for "any". */
  readonly anyLabel: string
  readonly values: readonly Value[]
  readonly labelOf: (value: Value) => string
  /** As it stands in the address, where anything may stand. */
  readonly value: string | undefined
  readonly onSet: OnSet
}

/** One of several values, or any. */
export function ChoiceFilter<Value extends string>(props: ChoiceFilterProps<Value>) {
  const { label, anyLabel, values, labelOf, value, onSet } = props
  return (
    <NativeSelect
      data={[{ value: '', label: anyLabel }, ...values.map((one) => ({ value: one, label: labelOf(one) }))]}
      label={label}
      onChange={(event) => onSet(event.currentTarget.value === '' ? undefined : event.currentTarget.value)}
      value={values.find((one) => one === value) ?? ''}
    />
  )
}

interface PeriodFilterProps {
  readonly labels: { readonly from: string; readonly to: string }
  readonly values: { readonly from?: string | undefined; readonly to?: string | undefined }
  readonly onSet: (end: 'from' | 'to', day: string | undefined) => void
}

/** The first and the last day; two fields of the bar. */
export function PeriodFilter({ labels, values, onSet }: PeriodFilterProps) {
  return (['from', 'to'] as const).map((end) => (
    <TextInput
      key={end}
      label={labels[end]}
      onChange={(event) => onSet(end, event.currentTarget.value === '' ? undefined : event.currentTarget.value)}
      type="date"
      value={values[end] ?? ''}
    />
  ))
}
