// A study opened: its series to choose from, and the chosen one shown.
import { Skeleton } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link, useSearch } from '@tanstack/react-router'
import { useRequest } from '../../../app/session.ts'
import { FailurePanel } from '../../../components/FailurePanel.tsx'
import { PageTitle } from '../../../components/PageTitle.tsx'
import { fill } from '../../../language/fill.ts'
import { useText } from '../../../language/LanguageProvider.tsx'
import { Withheld } from '../../withheld/Withheld.tsx'
import { fetchStudy, type Series, type StudyWithSeries } from '../imaging-api.ts'
import { ReportPanel } from '../report/ReportPanel.tsx'
import { dayText, languageOf, personText } from '../worklist-search.ts'
import { SeriesViewer } from './SeriesViewer.tsx'
import { viewerText } from './text.ts'
import styles from './Viewer.module.css'

// Objects that are no images themselves come last in the choice of what is shown first.
const otherThanImages: ReadonlySet<string> = new Set(['SEG', 'SR', 'PR', 'KO', 'DOC', 'RTSTRUCT'])

function chosenSeries({ seriesList }: StudyWithSeries, asked: string | undefined): Series | undefined {
  return (
    seriesList.find(({ seriesInstanceUid }) => seriesInstanceUid === asked) ??
    seriesList.find(({ modality }) => !otherThanImages.has(modality)) ??
    seriesList[0]
  )
}

function SeriesList({ study, chosen }: { readonly study: StudyWithSeries; readonly chosen: string | undefined }) {
  const text = useText(viewerText)
  return (
    <nav aria-label={text.series}>
      <ul className={styles.seriesList}>
        {study.seriesList.map(({ seriesInstanceUid, modality, description, instances }) => (
          <li key={seriesInstanceUid}>
            <Link
              aria-current={seriesInstanceUid === chosen ? 'true' : undefined}
              className={styles.series}
              search={{ study: study.studyInstanceUid, series: seriesInstanceUid }}
              to="/imaging/study"
            >
              <span>
                {modality} ·{' '}
                {description === '' ? text.unnamedSeries : <span lang={languageOf(description)}>{description}</span>}
              </span>
              <span className="quiet">{fill(text.seriesImages, { count: instances })}</span>
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  )
}

function Study({ study }: { readonly study: StudyWithSeries }) {
  const { series: asked, image } = useSearch({ from: '/signed-in/imaging/study' })
  const series = chosenSeries(study, asked)
  const chosen = series?.seriesInstanceUid
  const { studyInstanceUid: studyUid } = study
  return (
    <>
      <SeriesList chosen={chosen} study={study} />
      {chosen === undefined ? null : (
        <div className={styles.layout}>
          <SeriesViewer key={chosen} seriesUid={chosen} asked={image} studyUid={studyUid} />
        </div>
      )}
      {series?.modality === 'CT' ? <ReportPanel seriesUid={series.seriesInstanceUid} studyUid={studyUid} /> : null}
    </>
  )
}

/** The screen. */
export function Viewer() {
  const text = useText(viewerText)
  const request = useRequest()
  const { study: studyUid = '' } = useSearch({ from: '/signed-in/imaging/study' })
  const study = useQuery({
    queryKey: ['imaging', 'study', studyUid],
    queryFn: ({ signal }) => fetchStudy(request, studyUid, signal),
  })
  const facts =
    study.data === undefined
      ? []
      : [personText(study.data.patientName), study.data.patientId, dayText(study.data.studyDate, study.data.studyTime)]
  return (
    <div className={styles.page}>
      <div className={styles.head}>
        <PageTitle tab={text.title}>{text.title}</PageTitle>
        <span className="quiet">{facts.filter((fact) => fact !== undefined && fact !== '').join(' · ')}</span>
        {study.data === undefined ? null : (
          <span className="quiet" lang={languageOf(study.data.description)}>
            {study.data.description}
          </span>
        )}
        <Link to="/imaging">{text.back}</Link>
      </div>
      <p className={styles.notice}>{text.notice}</p>
      {study.data?.patient == null ? null : <Withheld patientId={study.data.patient} />}
      {study.isError ? <FailurePanel error={study.error} onRetry={() => void study.refetch()} /> : null}
      {study.isPending ? (
        <div aria-busy="true">
          <p role="status">{text.loading}</p>
          <Skeleton h={320} />
        </div>
      ) : null}
      {study.data === undefined ? null : <Study study={study.data} />}
    </div>
  )
}
