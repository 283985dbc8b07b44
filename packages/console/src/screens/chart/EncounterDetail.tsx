// One encounter beside the list: what was measured, found and ordered in it.
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { Condition, Encounter, FhirResource, MedicationRequest, Observation } from '../../api/fhir.ts'
import { fetchPage, searchPath } from '../../api/search.ts'
import { useRequest } from '../../app/session.ts'
import { minuteText } from '../../clinical/dates.ts'
import { Concept } from '../../components/Concept.tsx'
import { DetailHead } from '../../components/DetailHead.tsx'
import { PlainTable } from '../../components/PlainTable.tsx'
import { Section } from '../../components/Section.tsx'
import { fill } from '../../language/fill.ts'
import { useText } from '../../language/LanguageProvider.tsx'
import styles from './Chart.module.css'
import { ConditionTable } from './ConditionTable.tsx'
import { encounterText } from './encounter-text.ts'
import { MedicationTable } from './MedicationTable.tsx'
import { usePatientId } from './queries.ts'
import { sectionsText } from './sections-text.ts'
import { Value } from './Value.tsx'

const maxRows = 200

function useOfEncounter<T extends FhirResource>(encounterId: string, type: T['resourceType']) {
  const request = useRequest()
  const patientId = usePatientId()
  const path = searchPath(`/fhir/${type}`, [
    ['patient', patientId],
    ['encounter', `Encounter/${encounterId}`],
    ['_count', maxRows],
  ])
  return useQuery({
    queryKey: ['chart', patientId, path],
    queryFn: ({ signal }) => fetchPage<T>(request, path, signal),
  })
}

function Measured({ encounterId }: { readonly encounterId: string }) {
  const text = useText(encounterText)
  const sections = useText(sectionsText)
  const asked = useOfEncounter<Observation>(encounterId, 'Observation')
  return (
    <Section
      asked={asked}
      empty={<p className={styles.note}>{text.nothingMeasured}</p>}
      isEmpty={({ rows }) => rows.length === 0}
      loading={fill(sections.loading, { what: text.measured })}
      title={text.measured}
    >
      {({ rows }) => (
        <PlainTable
          columns={[
            { key: 'test', label: sections.test, cell: ({ code }) => <Concept concept={code} /> },
            { key: 'value', label: text.value, cell: (one) => <Value observation={one} /> },
          ]}
          label={text.measured}
          rowKey={({ id }) => id}
          rows={rows}
        />
      )}
    </Section>
  )
}

function FoundAndOrdered({ encounterId }: { readonly encounterId: string }) {
  const text = useText(encounterText)
  const sections = useText(sectionsText)
  const found = useOfEncounter<Condition>(encounterId, 'Condition')
  const ordered = useOfEncounter<MedicationRequest>(encounterId, 'MedicationRequest')
  return (
    <>
      <Section
        asked={found}
        empty={<p className={styles.note}>{text.nothingFound}</p>}
        isEmpty={({ rows }) => rows.length === 0}
        loading={fill(sections.loading, { what: text.found })}
        title={text.found}
      >
        {({ rows }) => <ConditionTable isShort label={text.found} rows={rows} />}
      </Section>
      <Section
        asked={ordered}
        empty={<p className={styles.note}>{text.nothingOrdered}</p>}
        isEmpty={({ rows }) => rows.length === 0}
        loading={fill(sections.loading, { what: text.ordered })}
        title={text.ordered}
      >
        {({ rows }) => <MedicationTable isShort label={text.ordered} rows={rows} />}
      </Section>
    </>
  )
}

/** The detail. */
export function EncounterDetail({ encounter }: { readonly encounter: Encounter }) {
  const text = useText(encounterText)
  const patientId = usePatientId()
  return (
    <aside aria-labelledby="encounter" className={styles.detail}>
      <DetailHead
        close={(look) => (
          <Link {...look} aria-label={text.close} params={{ patientId }} to="/patients/$patientId/encounters" />
        )}
        id="encounter"
        level={2}
      >
        {minuteText(encounter.period?.start) ?? '–'} · <Concept concept={encounter.type?.[0]} />
      </DetailHead>
      <Measured encounterId={encounter.id} />
      <FoundAndOrdered encounterId={encounter.id} />
    </aside>
  )
}
