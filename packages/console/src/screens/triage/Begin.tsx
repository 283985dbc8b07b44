// The first page of an interview: what troubles you, how old you are, and your sex.
import { Button, TextInput } from '@mantine/core'
import { useNavigate } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'
import { FailurePanel } from '../../components/FailurePanel.tsx'
import { useText } from '../../language/LanguageProvider.tsx'
import { SymptomPicker } from './SymptomPicker.tsx'
import styles from './Triage.module.css'
import { triageText } from './text.ts'
import type { FindingChoice } from './triage-api.ts'
import { useBegin } from './triage-queries.ts'

// Years in which pregnancy is asked for: wider than the 15 to 49 that WHO counts as reproductive age (authored).
const fertile = { from: 12, to: 55 }
const sexes = ['female', 'male'] as const
const oldest = 130

function ageOf(typed: string): number | undefined {
  const age = Number(typed)
  return /^\d{1,3}$/.test(typed.trim()) && age <= oldest ? age : undefined
}

/** The form. */
export function Begin() {
  const text = useText(triageText)
  const navigate = useNavigate()
  const begin = useBegin()
  const [symptoms, setSymptoms] = useState<readonly FindingChoice[]>([])
  const [typed, setTyped] = useState('')
  const [sex, setSex] = useState<(typeof sexes)[number]>()
  const [isPregnant, setPregnant] = useState(false)
  const [isIncomplete, setIncomplete] = useState(false)
  const age = ageOf(typed)
  const mayBePregnant = sex === 'female' && age !== undefined && age >= fertile.from && age < fertile.to
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    const isReady = symptoms.length > 0 && age !== undefined && sex !== undefined
    setIncomplete(!isReady)
    if (!isReady) return
    begin.mutate(
      { symptoms: symptoms.map(({ id }) => id), age, sex, ...(mayBePregnant ? { pregnant: isPregnant } : {}) },
      { onSuccess: ({ id }) => void navigate({ to: '/triage/$interviewId', params: { interviewId: id } }) },
    )
  }
  return (
    <form className={styles.form} noValidate onSubmit={submit}>
      <h2>{text.begin}</h2>
      <SymptomPicker chosen={symptoms} onChange={setSymptoms} />
      <TextInput
        autoComplete="off"
        inputMode="numeric"
        label={text.age}
        maxLength={3}
        onChange={(event) => setTyped(event.currentTarget.value)}
        type="text"
        value={typed}
      />
      <fieldset className={styles.group}>
        <legend>{text.sex}</legend>
        {sexes.map((one) => (
          <label className={styles.radio} key={one}>
            <input checked={sex === one} name="sex" onChange={() => setSex(one)} type="radio" value={one} />
            {text[one]}
          </label>
        ))}
      </fieldset>
      {mayBePregnant ? (
        <label className={styles.radio}>
          <input checked={isPregnant} onChange={(event) => setPregnant(event.currentTarget.checked)} type="checkbox" />
          {text.pregnant}
        </label>
      ) : null}
      <p aria-live="assertive" className={styles.missing}>
        {isIncomplete ? text.missing : ''}
      </p>
      {begin.isError ? <FailurePanel error={begin.error} isCompact /> : null}
      <Button className={styles.wide} disabled={begin.isPending} size="lg" type="submit">
        {begin.isPending ? text.starting : text.start}
      </Button>
    </form>
  )
}
