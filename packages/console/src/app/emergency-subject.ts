// Whom a request is about, as far as its path tells: so that a stated emergency goes with the requests that it is for (pure).

/** What a path names. */
export type Subject =
  | { readonly kind: 'patient'; readonly patient: string }
  | { readonly kind: 'study'; readonly study: string }
  | { readonly kind: 'reading'; readonly reading: string }
  /** Lists of studies, in which those of the patient may be. */
  | { readonly kind: 'studies' }

const patientIn = /(?:\/Patient\/|[?&](?:patient|subject)=(?:Patient(?:\/|%2F))?)([A-Za-z0-9.-]{1,64})/
const imaging = /^\/(?:dicom-web|api\/v1\/imaging)\//
const studyIn = /(?:\/studies\/|[?&](?:study|StudyInstanceUID)=)([0-9.]{1,64})/
const readingIn = /\/readings\/([A-Za-z0-9-]{1,64})/

/** Whom the path is about; undefined for what no emergency opens. */
export function subjectOf(path: string): Subject | undefined {
  const [, patient] = patientIn.exec(path) ?? []
  if (patient !== undefined) return { kind: 'patient', patient }
  if (!imaging.test(path)) return undefined
  const [, study] = studyIn.exec(path) ?? []
  if (study !== undefined) return { kind: 'study', study }
  const [, reading] = readingIn.exec(path) ?? []
  return reading === undefined ? { kind: 'studies' } : { kind: 'reading', reading }
}

/** A stated emergency. */
export interface Emergency {
  readonly reason: string
  /** ISO time. */
  readonly until: string
}

/** What is known when a request goes out. */
export interface Known {
  readonly nowMs: number
  /** By patient, in the order in which they were stated. */
  readonly emergencies: ReadonlyMap<string, Emergency>
  /** The patient of a study; null when it is nobody's yet, undefined when it was never seen. */
  readonly patientOf: (study: string) => string | null | undefined
  readonly studyOf: (reading: string) => string | undefined
}

/**
 * The reason to send. A study that was never seen may be the one that is withheld: the newest emergency goes with it, as
 * with lists; one that is known to be another patient's goes without.
 */
export function reasonFor(path: string, known: Known): string | undefined {
  const subject = subjectOf(path)
  if (subject === undefined) return undefined
  const open = [...known.emergencies].filter(([, { until }]) => Date.parse(until) > known.nowMs)
  const study = subject.kind === 'reading' ? known.studyOf(subject.reading) : undefined
  const patient = patientFor(subject, study, known)
  const [, emergency] = open.findLast(([of]) => patient === undefined || of === patient) ?? []
  return emergency?.reason
}

function patientFor(subject: Subject, study: string | undefined, { patientOf }: Known): string | null | undefined {
  switch (subject.kind) {
    case 'patient':
      return subject.patient
    case 'study':
      return patientOf(subject.study)
    case 'reading':
      return study === undefined ? undefined : patientOf(study)
    case 'studies':
      return undefined
    default:
      return subject satisfies never
  }
}
