// What triage's routes take and give.
import { type TSchema, Type } from 'typebox'

/** Shown with every answer of triage. */
export const disclaimer = {
  en: 'Decision support, not a diagnosis. A clinician decides. In an emergency call your local emergency number.',
  zh: '仅供决策支持，不是诊断，由医生作出决定。紧急情况请立即拨打当地急救电话。',
} as const

const maxNames = 100
const nullable = (schema: TSchema) => Type.Union([schema, Type.Null()])

/** Names or ids of findings; one at least. */
export const Names = Type.Array(Type.String({ minLength: 1, maxLength: 200 }), { minItems: 1, maxItems: maxNames })
/** Names or ids of findings, or none. */
export const MaybeNames = Type.Array(Type.String({ minLength: 1, maxLength: 200 }), { maxItems: maxNames })
/** The values of FHIR's administrative gender that priors and rules know. */
export const Sex = Type.Enum(['female', 'male'])
/** In years. */
export const Age = Type.Number({ minimum: 0, maximum: 130 })

/** Heart and breathing rate per minute, saturation in %, °C, mmHg. */
export const VitalSigns = Type.Object({
  heart_rate: Type.Optional(Type.Number({ minimum: 0, maximum: 400 })),
  respiratory_rate: Type.Optional(Type.Number({ minimum: 0, maximum: 150 })),
  oxygen_saturation: Type.Optional(Type.Number({ minimum: 0, maximum: 100 })),
  temperature: Type.Optional(Type.Number({ minimum: 10, maximum: 50 })),
  systolic: Type.Optional(Type.Number({ minimum: 0, maximum: 350 })),
})

/** A list of symptom names, bare or with what else is known. */
export const TriageBody = Type.Union([
  Names,
  Type.Object({
    symptoms: Names,
    absent: Type.Optional(MaybeNames),
    age: Type.Optional(Age),
    sex: Type.Optional(Sex),
    pregnant: Type.Optional(Type.Boolean()),
    vitals: Type.Optional(VitalSigns),
  }),
])

/** How conditions are scored, on which graph, and how many are shown; the article's formula for its own clients. */
export const TriageQuery = Type.Object({
  scoring: Type.Optional(Type.Enum(['bayes', 'article'])),
  graph: Type.Optional(Type.Enum(['xinglin', 'article'])),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 50 })),
})

const Level = Type.Enum(['self-care', 'consultation', 'urgent', 'emergency', 'ambulance'])
/** A text in both languages. */
export const Text = Type.Object({ en: Type.String(), zh: Type.String() })

const Reason = Type.Object({
  rule: Type.String(),
  level: Level,
  text: Text,
  source: nullable(Type.Object({ title: Type.String(), url: nullable(Type.String()) })),
  reviewed: Type.Boolean(),
})

/** How urgent it is, and every rule that says so. */
export const UrgencyShown = Type.Object({ level: Level, reasons: Type.Array(Reason) })

const ContributionShown = Type.Object({
  finding: Type.String(),
  name: Text,
  present: Type.Boolean(),
  log_odds: Type.Number(),
})

/** A condition with its probability (the article's score where that was asked for), 0 to 1, and where to go with it. */
export const Suggestion = Type.Object({
  disease: Type.String(),
  confidence: Type.Number(),
  disease_zh: Type.Optional(Type.String()),
  condition: Type.Optional(Type.String()),
  icd10: Type.Optional(Type.String()),
  department: nullable(Type.String()),
  department_zh: nullable(Type.String()),
  department_id: nullable(Type.String()),
  explanation: Type.Optional(Type.Array(ContributionShown)),
})

const UnknownShown = Type.Object({ name: Type.String(), suggestions: Type.Array(Type.String()) })

/** The answer of `POST /triage`; `something_else` is the probability, 0 to 1, of what the graph does not know. */
export const TriageAnswer = Type.Object({
  input_symptoms: Type.Array(Type.String()),
  suggested_departments: Type.Array(Suggestion),
  scoring: Type.String(),
  graph: Type.String(),
  engine: Type.Optional(Type.String()),
  no_good_match: Type.Optional(Type.Boolean()),
  something_else: Type.Optional(Type.Number()),
  urgency: Type.Optional(UrgencyShown),
  unknown_symptoms: Type.Array(UnknownShown),
  knowledge_version: Type.Integer(),
  disclaimer: Text,
})

/** A part of a name in either language, or an id; all findings without it. */
export const FindingQuery = Type.Object({
  text: Type.Optional(Type.String({ maxLength: 200 })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 300 })),
})

/** Findings by name and question; `hpo` is the term of the Human Phenotype Ontology. */
export const FindingsAnswer = Type.Object({
  findings: Type.Array(
    Type.Object({ id: Type.String(), kind: Type.String(), name: Text, question: Text, hpo: nullable(Type.String()) }),
  ),
})
