// Search and filters of the patient list; what is chosen stands in the address.
import { NativeSelect, TextInput } from '@mantine/core'
import { useDebouncedCallback } from '@mantine/hooks'
import { useNavigate } from '@tanstack/react-router'
import { useEffect, useRef, useState } from 'react'
import { termOf } from '../../clinical/terms.ts'
import { ChoiceFilter } from '../../components/Filters.tsx'
import { Icon } from '../../components/Icon.tsx'
import { useLanguage, useText } from '../../language/LanguageProvider.tsx'
import styles from './Patients.module.css'
import { ageGroups, diagnoses, oneOf, orders, type PatientFilters, sexes } from './patient-search.ts'
import { patientsText } from './text.ts'

const typingPauseMs = 220

function useSetFilter() {
  const navigate = useNavigate()
  return (change: PatientFilters): void =>
    void navigate({
      to: '/patients',
      search: (old) => ({ ...old, ...change }) as { readonly q?: string },
      replace: true,
      resetScroll: true,
    })
}

function SearchField({ typed }: { readonly typed: string }) {
  const text = useText(patientsText)
  const setFilter = useSetFilter()
  const [value, setValue] = useState(typed)
  const sent = useRef(typed)
  const field = useRef<HTMLInputElement>(null)
  const send = useDebouncedCallback((next: string) => {
    sent.current = next.trim()
    setFilter({ q: next.trim() === '' ? undefined : next.trim() })
  }, typingPauseMs)
  // The address may change without typing: the back button, the command bar, "clear".
  useEffect(() => {
    if (typed === sent.current) return
    sent.current = typed
    setValue(typed)
  }, [typed])
  const change = (next: string): void => {
    setValue(next)
    send(next)
  }
  const clear = (): void => {
    change('')
    field.current?.focus()
  }
  return (
    <TextInput
      autoComplete="off"
      className={styles.search}
      label={text.search}
      leftSection={<Icon name="search" />}
      maxLength={100}
      onChange={(event) => change(event.currentTarget.value)}
      placeholder={text.searchHint}
      ref={field}
      rightSection={
        value === '' ? null : (
          <button aria-label={text.clear} className={styles.clear} onClick={clear} type="button">
            <Icon name="close" sizePx={16} />
          </button>
        )
      }
      spellCheck={false}
      type="text"
      value={value}
    />
  )
}

/** The bar. */
export function PatientFilterBar({ filters }: { readonly filters: PatientFilters }) {
  const text = useText(patientsText)
  const { language } = useLanguage()
  const setFilter = useSetFilter()
  return (
    <search className={styles.filters}>
      <SearchField typed={filters.q ?? ''} />
      <ChoiceFilter
        anyLabel={text['sex.any']}
        label={text.sex}
        labelOf={(sex) => text[`sex.${sex}`]}
        onSet={(sex) => setFilter({ sex })}
        value={filters.sex}
        values={sexes}
      />
      <ChoiceFilter
        anyLabel={text['age.any']}
        label={text.age}
        labelOf={(group) => text[`age.${group}`]}
        onSet={(age) => setFilter({ age })}
        value={filters.age}
        values={ageGroups}
      />
      <ChoiceFilter
        anyLabel={text['has.any']}
        label={text.has}
        labelOf={(code) => termOf('http://snomed.info/sct', code)?.[language] ?? code}
        onSet={(has) => setFilter({ has })}
        value={filters.has}
        values={diagnoses}
      />
      <NativeSelect
        data={orders.map((order) => ({ value: order, label: text[`sort.${order}`] }))}
        label={text.sort}
        onChange={(event) =>
          setFilter({ sort: event.currentTarget.value === 'updated' ? undefined : event.currentTarget.value })
        }
        value={oneOf(orders, filters.sort) ?? 'updated'}
      />
    </search>
  )
}
