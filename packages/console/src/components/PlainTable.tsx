// A short table of facts: one row 32 px, the first column its heading; on a phone a row becomes a small block.
import type { ReactNode } from 'react'
import styles from './PlainTable.module.css'

/** One column. */
export interface PlainColumn<Row> {
  readonly key: string
  readonly label: string
  readonly cell: (row: Row) => ReactNode
  readonly isNumber?: boolean
  /** Never broken into two lines: dates, drawings. */
  readonly isFixed?: boolean
}

interface PlainTableProps<Row> {
  readonly label: string
  readonly columns: readonly PlainColumn<Row>[]
  readonly rows: readonly Row[]
  readonly rowKey: (row: Row) => string
}

/** Draws the table. */
export function PlainTable<Row>({ label, columns, rows, rowKey }: PlainTableProps<Row>) {
  const [first, ...rest] = columns
  if (first === undefined) return null
  return (
    <table aria-label={label} className={styles.table} data-pair={columns.length === 2 || undefined}>
      <thead>
        <tr>
          {columns.map((column) => (
            <th data-number={column.isNumber} key={column.key} scope="col">
              {column.label}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={rowKey(row)}>
            <th scope="row">{first.cell(row)}</th>
            {rest.map((column) => (
              <td data-fixed={column.isFixed} data-label={column.label} data-number={column.isNumber} key={column.key}>
                {column.cell(row)}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  )
}
