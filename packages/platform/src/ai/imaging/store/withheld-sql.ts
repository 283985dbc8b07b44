// The condition that leaves out what patients withhold: one word for every list and every single read.

/** The condition, in SQL, that nobody withholds the study of a row with `patient` and `study_uid`; `withheld` is `text[]`. */
export function notWithheld(alias: string, withheld: string): string {
  const { patient, study } = { patient: `${alias}.patient`, study: `${alias}.study_uid` }
  return `(${patient} IS NULL OR NOT ${withheld}::text[] && ARRAY[${patient}, ${patient} || '/' || ${study}])`
}
