// The imaging worklist: studies with the state of their link; images dropped in from a disk.
import { Skeleton } from '@mantine/core'
import { keepPreviousData, useInfiniteQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { useCallback, useMemo } from 'react'
import { useRequest } from '../../app/session.ts'
import { EmptyList } from '../../components/EmptyList.tsx'
import { FailurePanel } from '../../components/FailurePanel.tsx'
import { PageTitle } from '../../components/PageTitle.tsx'
import { type Column, VirtualTable } from '../../components/VirtualTable.tsx'
import { fill } from '../../language/fill.ts'
import { useText } from '../../language/LanguageProvider.tsx'
import { DropZone } from './DropZone.tsx'
import styles from './Imaging.module.css'
import type { Study, StudyPage } from './imaging-api.ts'
import { imagingText } from './text.ts'
import { WorklistFilterBar } from './WorklistFilterBar.tsx'
import {
  dayText,
  isWorklistNarrowed,
  languageOf,
  personText,
  type WorklistFilters,
  worklistPath,
} from './worklist-search.ts'

type ImagingWords = Readonly<Record<keyof (typeof imagingText)['en'], string>>

const linkingEveryMs = 2000
const worklistKey = ['imaging', 'studies'] as const

function useStudies(filters: WorklistFilters) {
  const request = useRequest()
  const pages = useInfiniteQuery({
    queryKey: [...worklistKey, worklistPath(filters, 0)],
    queryFn: ({ pageParam, signal }) => request<StudyPage>(worklistPath(filters, pageParam), { signal }),
    initialPageParam: 0,
    getNextPageParam: ({ nextOffset }) => nextOffset,
    placeholderData: keepPreviousData,
    // A study that has just come is being linked: its row follows by itself.
    refetchInterval: ({ state }) =>
      state.data?.pages.some((page) => page.studies.some(({ linkState }) => linkState === 'waiting')) === true
        ? linkingEveryMs
        : false,
  })
  const studies = useMemo(() => pages.data?.pages.flatMap((page) => page.studies) ?? [], [pages.data])
  return { pages, studies }
}

function linkWords({ linkState, linkReason }: Study, text: ImagingWords): string {
  const key = `reason.${linkReason}`
  const reason = linkState === 'unassigned' && key in text ? text[key as keyof ImagingWords] : undefined
  return reason === undefined ? text[`state.${linkState}`] : `${text[`state.${linkState}`]}: ${reason}`
}

function useColumns(): readonly Column<Study>[] {
  const text = useText(imagingText)
  return useMemo(
    () => [
      {
        key: 'date',
        label: text.date,
        width: '10.4em',
        cell: ({ studyInstanceUid, studyDate, studyTime }) => (
          <Link search={{ study: studyInstanceUid }} to="/imaging/study">
            {dayText(studyDate, studyTime) ?? text.undated}
          </Link>
        ),
      },
      {
        key: 'patient',
        label: text.patient,
        width: 'minmax(9em, 1.4fr)',
        cell: ({ patient, patientName }) => {
          const name = personText(patientName) ?? text.unnamed
          if (patient === null) return name
          return (
            <Link className={styles.person} params={{ patientId: patient }} to="/patients/$patientId">
              {name}
            </Link>
          )
        },
      },
      {
        key: 'identifier',
        label: text.identifier,
        width: 'minmax(7em, 1fr)',
        isWide: true,
        cell: ({ patientId }) => patientId || '–',
      },
      {
        key: 'modalities',
        label: text.modalities,
        width: '7em',
        cell: ({ modalities }) => modalities.join(', ') || '–',
      },
      {
        key: 'description',
        label: text.description,
        width: 'minmax(9em, 1.4fr)',
        isWide: true,
        cell: ({ description }) =>
          description === '' ? '–' : <span lang={languageOf(description)}>{description}</span>,
      },
      { key: 'images', label: text.images, width: '5.6em', isNumber: true, cell: ({ instances }) => String(instances) },
      {
        key: 'link',
        label: text.link,
        width: 'minmax(9em, 1.6fr)',
        cell: (study) => (
          <span className={styles.state} data-state={study.linkState}>
            {linkWords(study, text)}
          </span>
        ),
      },
    ],
    [text],
  )
}

function Nothing({ isNarrow, onAgain }: { readonly isNarrow: boolean; readonly onAgain: () => void }) {
  const text = useText(imagingText)
  const navigate = useNavigate()
  const clear = (): void => void navigate({ to: '/imaging', search: {}, replace: true })
  return (
    <div className={styles.nothing}>
      <EmptyList againLabel={text.again} isNarrow={isNarrow} onAgain={onAgain} onClear={clear} text={text} />
    </div>
  )
}

const keyOf = ({ studyInstanceUid }: Study): string => studyInstanceUid

function List({ filters, pages, studies }: ReturnType<typeof useStudies> & { readonly filters: WorklistFilters }) {
  const text = useText(imagingText)
  const columns = useColumns()
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = pages
  const loadMore = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage()
  }, [hasNextPage, isFetchingNextPage, fetchNextPage])
  const again = (): void => void pages.refetch()
  if (pages.isError && studies.length === 0) return <FailurePanel error={pages.error} onRetry={again} />
  if (pages.isPending) {
    return (
      <div aria-busy="true" className={styles.loading}>
        <span role="status">{text.loading}</span>
        <Skeleton h={240} />
      </div>
    )
  }
  if (studies.length === 0) return <Nothing isNarrow={isWorklistNarrowed(filters)} onAgain={again} />
  return <VirtualTable columns={columns} label={text.title} onEnd={loadMore} rowKey={keyOf} rows={studies} />
}

/** The screen. */
export function Worklist() {
  const text = useText(imagingText)
  const filters = useSearch({ from: '/signed-in/imaging' })
  const queries = useQueryClient()
  const { pages, studies } = useStudies(filters)
  const onStored = useCallback(() => void queries.invalidateQueries({ queryKey: worklistKey }), [queries])
  return (
    <div className={styles.page}>
      <div className={styles.head}>
        <PageTitle tab={text.title}>{text.title}</PageTitle>
        <p className="quiet" role="status">
          {studies.length === 0
            ? ''
            : pages.isFetchingNextPage
              ? text.loadingMore
              : fill(text.shown, { count: studies.length })}
        </p>
      </div>
      <p className="quiet">{text.about}</p>
      {pages.isError && studies.length === 0 ? null : <DropZone onStored={onStored} />}
      <WorklistFilterBar filters={filters} />
      <List filters={filters} pages={pages} studies={studies} />
    </div>
  )
}
