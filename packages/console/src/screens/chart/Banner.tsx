// The banner that stays in view: who this is, and what must never be forgotten.
import { Skeleton } from '@mantine/core'
import { Failure } from '../../api/failure.ts'
import type { Patient } from '../../api/fhir.ts'
import { dayOfClock } from '../../clinical/age.ts'
import { allergyView } from '../../clinical/allergies.ts'
import { dayText } from '../../clinical/dates.ts'
import { nameOf, otherNamesOf } from '../../clinical/names.ts'
import { ageWords, isDeceased, patientAge, recordNumberOf, sexWords } from '../../clinical/person-words.ts'
import { clinicalText } from '../../clinical/text.ts'
import { Concept } from '../../components/Concept.tsx'
import { Icon } from '../../components/Icon.tsx'
import { PageTitle } from '../../components/PageTitle.tsx'
import { fill } from '../../language/fill.ts'
import { useText } from '../../language/LanguageProvider.tsx'
import styles from './Banner.module.css'
import { useAllergies } from './queries.ts'
import { chartText } from './text.ts'

function Fact({ label, children }: { readonly label: string; readonly children: string | undefined }) {
  const text = useText(chartText)
  return (
    <div className={styles.fact}>
      <dt>{label}</dt>
      <dd>{children ?? text.unknown}</dd>
    </div>
  )
}

function AllergyList({ patientId }: { readonly patientId: string }) {
  const text = useText(chartText)
  const asked = useAllergies(patientId)
  if (asked.isPending) return <Skeleton aria-label={text.allergiesLoading} h={20} w={160} />
  if (asked.isError) {
    const isForbidden = asked.error instanceof Failure && asked.error.kind === 'forbidden'
    if (isForbidden) return <span className="quiet">{text.allergiesForbidden}</span>
    return (
      <span className={styles.alarm} role="alert">
        <Icon name="warning" sizePx={16} /> {text.allergiesFailed}{' '}
        <button className={styles.again} onClick={() => void asked.refetch()} type="button">
          {text.allergiesAgain}
        </button>
      </span>
    )
  }
  const view = allergyView(asked.data.rows)
  if (view.kind === 'none') return <span className="quiet">{text.allergiesNone}</span>
  if (view.kind === 'denied') return <span>{text.allergiesDenied}</span>
  return (
    <ul className={styles.allergies}>
      {view.allergies.map(({ id, code, criticality }) => (
        <li className={styles.allergy} data-high={criticality === 'high' || undefined} key={id}>
          {criticality === 'high' ? <Icon name="warning" sizePx={14} /> : null}
          <Concept concept={code} />
          {criticality === 'high' ? <span className={styles.risk}>{text.allergiesHigh}</span> : null}
        </li>
      ))}
    </ul>
  )
}

function States({ patient }: { readonly patient: Patient }) {
  const text = useText(chartText)
  const date = dayText(patient.deceasedDateTime)
  return (
    <>
      {isDeceased(patient) ? (
        <span className={styles.state}>{date === undefined ? text.deceasedPlain : fill(text.deceased, { date })}</span>
      ) : null}
      {patient.active === false ? <span className={styles.state}>{text.inactive}</span> : null}
    </>
  )
}

/** The banner of a patient. */
export function Banner({ patient }: { readonly patient: Patient }) {
  const text = useText(chartText)
  const words = useText(clinicalText)
  const age = patientAge(patient, dayOfClock(new Date()))
  return (
    <section aria-label={nameOf(patient.name) ?? text.unnamed} className={styles.banner}>
      <div className={styles.who}>
        <PageTitle className={styles.name} tab={text.tab}>
          {nameOf(patient.name) ?? text.unnamed}
        </PageTitle>
        <span className="quiet">{otherNamesOf(patient.name).join(' · ')}</span>
        <States patient={patient} />
      </div>
      <dl className={styles.facts}>
        <Fact label={text.age}>{age === undefined ? undefined : ageWords(age, words)}</Fact>
        <Fact label={text.sex}>{sexWords(patient.gender, words)}</Fact>
        <Fact label={text.born}>{patient.birthDate}</Fact>
        <Fact label={text.mrn}>{recordNumberOf(patient)}</Fact>
        <div className={styles.fact} data-allergies="true">
          <dt>{text.allergies}</dt>
          <dd>
            <AllergyList patientId={patient.id} />
          </dd>
        </div>
      </dl>
    </section>
  )
}
