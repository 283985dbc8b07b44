// Chooses symptoms by typing a part of their name, in either language.
import { TextInput } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { useState } from 'react'
import { Icon } from '../../components/Icon.tsx'
import { fill } from '../../language/fill.ts'
import { useLanguage, useText } from '../../language/LanguageProvider.tsx'
import styles from './Triage.module.css'
import { triageText } from './text.ts'
import type { FindingChoice } from './triage-api.ts'
import { useFindings } from './triage-queries.ts'

const typingPauseMs = 180

interface PickerProps {
  readonly chosen: readonly FindingChoice[]
  readonly onChange: (chosen: readonly FindingChoice[]) => void
}

/** The picker. */
export function SymptomPicker({ chosen, onChange }: PickerProps) {
  const text = useText(triageText)
  const { language } = useLanguage()
  const [typed, setTyped] = useState('')
  const [asked] = useDebouncedValue(typed, typingPauseMs)
  const found = useFindings(asked)
  const offered = (found.data ?? []).filter(({ id }) => !chosen.some((one) => one.id === id))
  const add = (choice: FindingChoice): void => {
    onChange([...chosen, choice])
    setTyped('')
  }
  return (
    <div className={styles.picker}>
      <TextInput
        autoComplete="off"
        label={text.symptom}
        maxLength={100}
        onChange={(event) => setTyped(event.currentTarget.value)}
        placeholder={text.symptomHint}
        spellCheck={false}
        type="text"
        value={typed}
      />
      {typed.trim() === '' ? null : (
        <ul aria-label={text.found} className={styles.choices}>
          {offered.map((choice) => (
            <li key={choice.id}>
              <button className={styles.choice} onClick={() => add(choice)} type="button">
                {choice.name[language]}
              </button>
            </li>
          ))}
        </ul>
      )}
      <p aria-live="polite" className={styles.quiet}>
        {typed.trim() !== '' && found.data?.length === 0 ? text.noneFound : ''}
      </p>
      {chosen.length === 0 ? null : (
        <ul aria-label={text.chosen} className={styles.chips}>
          {chosen.map((choice) => (
            <li key={choice.id}>
              <button
                aria-label={fill(text.remove, { name: choice.name[language] })}
                className={styles.chip}
                onClick={() => onChange(chosen.filter(({ id }) => id !== choice.id))}
                type="button"
              >
                {choice.name[language]} <Icon name="close" sizePx={16} />
              </button>
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}
