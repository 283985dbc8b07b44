// Operations: the service map with its goals, the last hour on one line, and the experiments with what they showed.
import { useSearch } from '@tanstack/react-router'
import { Page } from '../../components/Page.tsx'
import { useText } from '../../language/LanguageProvider.tsx'
import { ExperimentList } from './ExperimentList.tsx'
import { HourTimeline } from './HourTimeline.tsx'
import { OneExperiment } from './OneExperiment.tsx'
import { ServiceMap } from './ServiceMap.tsx'
import { TargetTable } from './TargetTable.tsx'
import { operationsText } from './text.ts'

/** The screen. */
export function Operations() {
  const text = useText(operationsText)
  const { experiment } = useSearch({ from: '/signed-in/operations' })
  return (
    <Page about={text.about} title={text.title} width="medium">
      <ServiceMap />
      <TargetTable />
      <HourTimeline />
      <ExperimentList />
      {experiment === undefined ? null : <OneExperiment id={experiment} key={experiment} />}
    </Page>
  )
}
