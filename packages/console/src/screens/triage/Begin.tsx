// The first page of an interview: what troubles you, how old you are, and your sex.
import { Button, Checkbox, NumberInput, Radio } from '@mantine/core'
import { useNavigate } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'
import { FailurePanel } from '../../components/FailurePanel.tsx'
import { useText } from '../../language/LanguageProvider.tsx'
import { SymptomPicker } from './SymptomPicker.tsx'
import styles from './Triage.module.css'
import { triageText } from './text.ts'
import type { FindingChoice } from './triage-api.ts'
import { useBegin } from './triage-queries.ts'

const fertile = { from: 12, to: 55 }

/** The form. */
export function Begin() {
  const text = useText(triageText)
  const navigate = useNavigate()
  const begin = useBegin()
  const [symptoms, setSymptoms] = useState<readonly FindingChoice[]>([])
  const [age, setAge] = useState<number | string>('')
  const [sex, setSex] = useState<string>('')
  const [isPregnant, setPregnant] = useState(false)
  const [isIncomplete, setIncomplete] = useState(false)
  const mayBePregnant = sex === 'female' && typeof age === 'number' && age >= fertile.from && age < fertile.to
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    const isReady = symptoms.length > 0 && typeof age === 'number' && (sex === 'female' || sex === 'male')
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
      <NumberInput
        allowNegative={false}
        hideControls
        inputMode="numeric"
        label={text.age}
        max={130}
        min={0}
        onChange={setAge}
        size="md"
        value={age}
      />
      <Radio.Group label={text.sex} onChange={setSex} value={sex}>
        <div className={styles.radios}>
          <Radio className={styles.radio} label={text.female} size="md" value="female" />
          <Radio className={styles.radio} label={text.male} size="md" value="male" />
        </div>
      </Radio.Group>
      {mayBePregnant ? (
        <Checkbox
          checked={isPregnant}
          className={styles.radio}
          label={text.pregnant}
          onChange={(event) => setPregnant(event.currentTarget.checked)}
          size="md"
        />
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
