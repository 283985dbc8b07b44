// The experiments, newest first; one is chosen by its address.
import { Link } from '@tanstack/react-router'
import type { Experiment } from '../../api/chaos.ts'
import { secondText } from '../../clinical/dates.ts'
import { EmptyState } from '../../components/EmptyState.tsx'
import { type PlainColumn, PlainTable } from '../../components/PlainTable.tsx'
import { Section } from '../../components/Section.tsx'
import { useLanguage, useText } from '../../language/LanguageProvider.tsx'
import styles from './Operations.module.css'
import { useExperiments } from './operations-queries.ts'
import { operationsText } from './text.ts'

/** The list. */
export function ExperimentList() {
  const text = useText(operationsText)
  const { language } = useLanguage()
  const asked = useExperiments()
  const columns: readonly PlainColumn<Experiment>[] = [
    {
      key: 'experiment',
      label: text.experiment,
      cell: ({ id, name, title }) => (
        <Link replace resetScroll={false} search={{ experiment: id }} to="/operations">
          {language === 'en' ? title : name}
        </Link>
      ),
    },
    { key: 'kind', label: text.kind, cell: ({ kind }) => <code>{kind}</code> },
    {
      key: 'state',
      label: text.state,
      cell: ({ state }) => (
        <span className={styles.state} data-state={state}>
          {text[`state.${state}`]}
        </span>
      ),
    },
    { key: 'started', label: text.started, isFixed: true, cell: ({ startedAt }) => secondText(startedAt) ?? '–' },
    { key: 'startedBy', label: text.startedBy, cell: ({ startedBy }) => startedBy },
    { key: 'place', label: text.place, cell: ({ place }) => text[`place.${place}`] },
  ]
  return (
    <Section
      aside={
        asked.data === undefined ? null : <span className="quiet">{asked.data.isEnabled ? text.isOn : text.isOff}</span>
      }
      asked={asked}
      empty={
        <EmptyState
          action={<code lang="en">npx xinglin chaos run deploy/chaos/</code>}
          reason={text.noExperimentsReason}
          title={text.noExperiments}
        />
      }
      isEmpty={({ experiments }) => experiments.length === 0}
      loading={text.loadingExperiments}
      title={text.experiments}
    >
      {({ experiments }) => (
        <PlainTable columns={columns} label={text.experiments} rowKey={({ id }) => id} rows={experiments} />
      )}
    </Section>
  )
}
