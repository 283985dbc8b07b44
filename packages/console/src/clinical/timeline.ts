// Everything that happened to a patient in one order, newest first, grouped by year (pure).
import type {
  AllergyIntolerance,
  CodeableConcept,
  Condition,
  Encounter,
  Immunization,
  MedicationRequest,
  Procedure,
} from '../api/fhir.ts'
import { dayText, timeOf } from './dates.ts'

/** Kinds of events. */
export const eventKinds = ['encounter', 'condition', 'medication', 'procedure', 'immunization', 'allergy'] as const

/** A kind of {@link eventKinds}. */
export type EventKind = (typeof eventKinds)[number]

/** One thing that happened. */
export interface TimelineEvent {
  readonly id: string
  readonly kind: EventKind
  readonly day: string
  readonly timeMs: number
  readonly concept: CodeableConcept | undefined
  /** Said beside it: why, how, or with what end. */
  readonly detail: CodeableConcept | undefined
  /** Status code of the record. */
  readonly status: string | undefined
}

/** A row of the drawn timeline: a year's heading or an event, which names its day when it is the day's first. */
export type TimelineRow =
  | { readonly kind: 'year'; readonly year: string; readonly count: number }
  | { readonly kind: 'event'; readonly event: TimelineEvent; readonly isFirstOfDay: boolean }

/** The records that a timeline is made of. */
export interface TimelineRecords {
  readonly encounters: readonly Encounter[]
  readonly conditions: readonly Condition[]
  readonly medications: readonly MedicationRequest[]
  readonly allergies: readonly AllergyIntolerance[]
  readonly procedures: readonly Procedure[]
  readonly immunizations: readonly Immunization[]
}

const wrong = 'entered-in-error'
const order: Readonly<Record<EventKind, number>> = {
  encounter: 0,
  condition: 1,
  allergy: 2,
  procedure: 3,
  medication: 4,
  immunization: 5,
}

type Draft = Omit<TimelineEvent, 'day' | 'timeMs'> & { readonly at: string | undefined }

function ofEncounter(one: Encounter): Draft {
  return {
    id: `Encounter/${one.id}`,
    kind: 'encounter',
    at: one.period?.start,
    concept: one.type?.[0] ?? (one.class === undefined ? undefined : { coding: [one.class] }),
    detail: one.reasonCode?.[0],
    status: one.status,
  }
}

function ofFinding(one: Condition | AllergyIntolerance): Draft {
  const isWrong = one.verificationStatus?.coding?.[0]?.code === wrong
  return {
    id: `${one.resourceType}/${one.id}`,
    kind: one.resourceType === 'Condition' ? 'condition' : 'allergy',
    at: one.onsetDateTime ?? one.recordedDate,
    concept: one.code,
    detail: undefined,
    status: isWrong ? wrong : one.clinicalStatus?.coding?.[0]?.code,
  }
}

function ofMedication(one: MedicationRequest): Draft {
  const named = one.medicationReference?.display
  return {
    id: `MedicationRequest/${one.id}`,
    kind: 'medication',
    at: one.authoredOn,
    concept: one.medicationCodeableConcept ?? (named === undefined ? undefined : { text: named }),
    detail: undefined,
    status: one.status,
  }
}

function ofProcedure(one: Procedure): Draft {
  const at = one.performedDateTime ?? one.performedPeriod?.start
  return { id: `Procedure/${one.id}`, kind: 'procedure', at, concept: one.code, detail: undefined, status: one.status }
}

function ofImmunization({ id, occurrenceDateTime: at, vaccineCode: concept, status }: Immunization): Draft {
  return { id: `Immunization/${id}`, kind: 'immunization', at, concept, detail: undefined, status }
}

function drafts(records: TimelineRecords): readonly Draft[] {
  return [
    ...records.encounters.map(ofEncounter),
    ...records.conditions.map(ofFinding),
    ...records.allergies.map(ofFinding),
    ...records.medications.map(ofMedication),
    ...records.procedures.map(ofProcedure),
    ...records.immunizations.map(ofImmunization),
  ]
}

/** All events with a date, newest first; within a day the visit comes before what was found and ordered in it. */
export function eventsOf(records: TimelineRecords): readonly TimelineEvent[] {
  return drafts(records)
    .flatMap(({ at, ...draft }): TimelineEvent[] => {
      const day = dayText(at)
      const timeMs = timeOf(at)
      return day === undefined || timeMs === undefined || draft.status === wrong ? [] : [{ ...draft, day, timeMs }]
    })
    .sort((a, b) => b.day.localeCompare(a.day) || order[a.kind] - order[b.kind] || b.timeMs - a.timeMs)
}

/** The events as rows under the headings of their years. */
export function timelineRows(events: readonly TimelineEvent[]): readonly TimelineRow[] {
  const years = Map.groupBy(events, ({ day }) => day.slice(0, 4))
  return [...years].flatMap(([year, members]): TimelineRow[] => [
    { kind: 'year', year, count: members.length },
    ...members.map(
      (event, index): TimelineRow => ({
        kind: 'event',
        event,
        isFirstOfDay: members[index - 1]?.day !== event.day,
      }),
    ),
  ])
}
