// The knowledge of medicines of a process: at first what data/ has, then the active version of the database.
import { readFileSync } from 'node:fs'
import { compileMedicines, type MedicineRow, type MedicineRows, type Medicines } from './medicines.ts'

/** Holds the knowledge; read when first asked for. */
export interface MedicinesHolder {
  current(): Medicines
  /** Takes the rows of another version; undefined goes back to those that come with Xinglin. */
  replace(rows: MedicineRows | undefined): void
}

const folder = new URL('../../../../../../data/medicines/', import.meta.url)
const files = {
  drug: 'drugs.tsv',
  drug_class: 'classes.tsv',
  interaction: 'interactions.tsv',
  allergy_group: 'allergy_groups.tsv',
}

function readRows(file: string): readonly MedicineRow[] {
  const [head = '', ...lines] = readFileSync(new URL(file, folder), 'utf8')
    .replaceAll('\r\n', '\n')
    .trimEnd()
    .split('\n')
  const columns = head.split('\t')
  return lines.map((line) => {
    const cells = line.split('\t')
    return Object.fromEntries(columns.map((column, index) => [column, cells[index] ?? '']))
  })
}

/** The rows that come with Xinglin. */
export function readMedicines(): MedicineRows {
  return new Map(Object.entries(files).map(([table, file]) => [table, readRows(file)]))
}

/** Creates a holder. */
export function createMedicines(): MedicinesHolder {
  const held: { medicines?: Medicines | undefined; rows?: MedicineRows | undefined } = {}
  return {
    current() {
      held.medicines ??= compileMedicines(held.rows ?? readMedicines())
      return held.medicines
    },
    replace(rows) {
      held.rows = rows
      held.medicines = undefined
    },
  }
}
