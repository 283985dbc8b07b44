// A section that is one table: what stands there while it loads, when it fails, when it is empty, and the rows.
import type { ReactNode } from 'react'
import { EmptyState } from './EmptyState.tsx'
import { type PlainColumn, PlainTable } from './PlainTable.tsx'
import { type Loadable, Section } from './Section.tsx'

interface TableSectionProps<T, Row> {
  readonly title: string
  /** Said to screen readers while it loads. */
  readonly loading: string
  readonly none: string
  readonly noneReason: string
  readonly asked: Loadable<T>
  readonly rows: (data: T) => readonly Row[]
  readonly columns: readonly PlainColumn<Row>[]
  readonly rowKey: (row: Row) => string
  /** Stands at the right of the heading. */
  readonly aside?: ReactNode
}

/** The section. */
export function TableSection<T, Row>(props: TableSectionProps<T, Row>) {
  const { title, loading, none, noneReason, asked, rows, columns, rowKey, aside } = props
  return (
    <Section
      aside={aside}
      asked={asked}
      empty={<EmptyState reason={noneReason} title={none} />}
      isEmpty={(data) => rows(data).length === 0}
      loading={loading}
      title={title}
    >
      {(data) => <PlainTable columns={columns} label={title} rowKey={rowKey} rows={rows(data)} />}
    </Section>
  )
}
