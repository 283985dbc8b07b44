// The shape of an interview as its routes give it.
import { type TSchema, Type } from 'typebox'
import { Suggestion, Text, UrgencyShown } from '../schemas.ts'

const nullable = (schema: TSchema) => Type.Union([schema, Type.Null()])
const Named = Type.Object({ finding: Type.String(), name: Text })

const Question = Type.Object({
  finding: Type.String(),
  name: Text,
  text: Text,
  kind: Type.Enum(['red-flag', 'tell-apart']),
  why: Text,
})

const Conclusion = Type.Object({
  urgency: UrgencyShown,
  candidates: Type.Array(Suggestion),
  no_good_match: Type.Boolean(),
  something_else: Type.Number(),
  department: nullable(Type.Object({ id: Type.String(), en: Type.String(), zh: Type.String() })),
  advice: Type.Object({ title: Text, text: Text }),
  records: nullable(Type.Record(Type.String(), Type.String())),
})

/** An interview. */
export const InterviewShown = Type.Object({
  id: Type.String(),
  revision: Type.Integer(),
  status: Type.Enum(['open', 'finishing', 'finished', 'abandoned']),
  patient: nullable(Type.String()),
  person: Type.Object({
    age: nullable(Type.Number()),
    sex: nullable(Type.Enum(['female', 'male'])),
    pregnant: nullable(Type.Boolean()),
  }),
  complaints: Type.Array(Named),
  answers: Type.Array(
    Type.Object({
      finding: Type.String(),
      name: Text,
      text: Text,
      answer: Type.Enum(['yes', 'no', 'unknown']),
      kind: Type.String(),
    }),
  ),
  question: nullable(Question),
  stopped: nullable(Type.Enum(['sure', 'nothing-to-gain', 'enough-questions', 'ambulance'])),
  progress: Type.Object({ asked: Type.Integer(), most: Type.Integer() }),
  urgency: UrgencyShown,
  conclusion: nullable(Conclusion),
  knowledge_version: Type.Integer(),
  created_at: Type.String(),
  changed_at: Type.String(),
  disclaimer: Text,
})

/** A page of interviews, newest first; `next` is the `before` of the following page. */
export const InterviewPage = Type.Object({ interviews: Type.Array(InterviewShown), next: nullable(Type.String()) })
