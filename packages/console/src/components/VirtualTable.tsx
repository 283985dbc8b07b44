// A table of any length that draws only the rows in view; rows are 32 px, on a phone two lines. Arrow keys walk the rows.
import { type CSSProperties, type KeyboardEvent, type ReactNode, useEffect, useRef, useState } from 'react'
import { useVirtualRows } from './use-virtual-rows.ts'
import styles from './VirtualTable.module.css'

/** One column. */
export interface Column<Row> {
  readonly key: string
  readonly label: string
  /** Width as in grid-template-columns, e.g. `minmax(120px, 1fr)`. */
  readonly width: string
  /** The first column's cell holds the row's link or button. */
  readonly cell: (row: Row) => ReactNode
  readonly isNumber?: boolean
  /** Left out where the window is narrow. */
  readonly isWide?: boolean
}

interface VirtualTableProps<Row> {
  readonly label: string
  readonly columns: readonly Column<Row>[]
  readonly rows: readonly Row[]
  readonly rowKey: (row: Row) => string
  /** Number of all rows where it is known. */
  readonly total?: number | undefined
  /** Called when the end of the loaded rows comes near. */
  readonly onEnd?: (() => void) | undefined
  /** Marks a row, e.g. the one that is opened. */
  readonly isChosen?: (row: Row) => boolean
  /** Without an own frame, inside a section. */
  readonly isBare?: boolean
}

const walks: Readonly<Record<string, (index: number, count: number) => number>> = {
  ArrowDown: (index, count) => Math.min(count - 1, index + 1),
  ArrowUp: (index) => Math.max(0, index - 1),
  PageDown: (index, count) => Math.min(count - 1, index + 20),
  PageUp: (index) => Math.max(0, index - 20),
  Home: () => 0,
  End: (_index, count) => count - 1,
}

// The focus follows once the row that was walked to is drawn.
function useWalking(count: number, scrollTo: (index: number) => void) {
  const [wanted, setWanted] = useState<number>()
  const place = useRef<HTMLTableElement>(null)
  useEffect(() => {
    if (wanted === undefined) return
    const target = place.current?.querySelector<HTMLElement>(`[data-index="${wanted}"] :is(a, button)`)
    if (target === null || target === undefined) return
    target.focus({ preventScroll: true })
    setWanted(undefined)
  })
  const onKeyDown = (event: KeyboardEvent): void => {
    const walk = walks[event.key]
    const row = event.target instanceof HTMLElement ? event.target.closest<HTMLElement>('[data-index]') : null
    if (walk === undefined || row === null || event.ctrlKey || event.metaKey || event.altKey) return
    event.preventDefault()
    const next = walk(Number(row.dataset['index']), count)
    scrollTo(next)
    setWanted(next)
  }
  return { place, onKeyDown }
}

const templateOf = <Row,>(columns: readonly Column<Row>[]): string => columns.map(({ width }) => width).join(' ')

/** Draws the table. */
export function VirtualTable<Row>({ columns, rows, onEnd, ...table }: VirtualTableProps<Row>) {
  const { body, virtual, items, topPx } = useVirtualRows<HTMLTableSectionElement>(rows.length, { onEnd })
  const { place, onKeyDown } = useWalking(rows.length, (index) => virtual.scrollToIndex(index))
  const narrow = columns.filter(({ isWide }) => isWide !== true)
  const template = {
    '--columns': templateOf(columns),
    '--narrow-columns': templateOf(narrow),
    '--narrow': Math.max(1, narrow.length - 1),
  }
  const rowCount = table.total === undefined ? -1 : table.total + 1
  return (
    <table aria-label={table.label} aria-rowcount={rowCount} className={styles.table} onKeyDown={onKeyDown} ref={place}>
      <thead className={styles.head}>
        <tr aria-rowindex={1} className={styles.row} style={template as CSSProperties}>
          {columns.map(({ key, label, isNumber, isWide }) => (
            <th data-number={isNumber} data-wide={isWide} key={key} scope="col">
              {label}
            </th>
          ))}
        </tr>
      </thead>
      <tbody className={styles.body} ref={body} style={{ height: virtual.getTotalSize() }}>
        {items.map(({ index, size, start }) => {
          const row = rows[index]
          if (row === undefined) return null
          return (
            <tr
              aria-rowindex={index + 2}
              className={styles.row}
              data-chosen={table.isChosen?.(row) === true || undefined}
              data-index={index}
              key={table.rowKey(row)}
              style={{ ...template, height: size, transform: `translateY(${start - topPx}px)` } as CSSProperties}
            >
              {columns.map(({ key, cell, isNumber, isWide }) => (
                <td data-number={isNumber} data-wide={isWide} key={key}>
                  {cell(row)}
                </td>
              ))}
            </tr>
          )
        })}
      </tbody>
    </table>
  )
}
