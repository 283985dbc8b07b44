// What the explain routes take and give.
import { Type } from 'typebox'
import { methodNames } from './methods.ts'
import { maxGroups } from './plan.ts'

const Name = Type.String({ minLength: 1, maxLength: 200 })
const Rows = (maxItems: number) => Type.Array(Type.Unknown(), { minItems: 1, maxItems })
const resourceId = '[A-Za-z0-9.-]{1,64}'

/** The body of `POST /explain`. */
export const ExplainBody = Type.Object({
  model: Name,
  version: Type.Optional(Type.String({ pattern: '^[0-9]{1,18}$' })),
  output: Type.Optional(Name),
  method: Type.Optional(Type.Enum([...methodNames])),
  background: Rows(2000),
  samples: Rows(1000),
  feature_names: Type.Optional(Type.Array(Name, { minItems: 1, maxItems: 100_000 })),
  groups: Type.Optional(
    Type.Array(
      Type.Object({
        name: Name,
        features: Type.Array(Type.Integer({ minimum: 0 }), { minItems: 1, maxItems: 100_000 }),
      }),
      { minItems: 1, maxItems: maxGroups },
    ),
  ),
  nsamples: Type.Optional(Type.Integer({ minimum: 2, maximum: 100_000 })),
  seed: Type.Optional(Type.Integer({ minimum: 0, maximum: 4_294_967_295 })),
  plot: Type.Optional(Type.Enum(['force', 'waterfall'])),
  language: Type.Optional(Type.Enum(['en', 'zh'])),
})

const Numbers = Type.Array(Type.Number())

/** The answer of an explanation. */
export const ExplainResult = Type.Object({
  model: Type.String(),
  version: Type.Union([Type.String(), Type.Null()]),
  method: Type.String(),
  feature_names: Type.Array(Type.String()),
  expected_value: Numbers,
  shap_values: Type.Array(Type.Array(Numbers)),
  predictions: Type.Array(Numbers),
  residual: Type.Number(),
  evaluations: Type.Integer(),
  plots: Type.Array(Type.Object({ sample: Type.Integer(), svg: Type.String(), table: Type.String() })),
  statement: Type.String(),
})

/** A job as it is shown; `done` and `total` count predictions. */
export const JobShown = Type.Object({
  id: Type.String(),
  state: Type.String(),
  done: Type.Integer(),
  total: Type.Integer(),
  samples_done: Type.Integer(),
  samples: Type.Integer(),
  created_at: Type.String(),
  ended_at: Type.Union([Type.String(), Type.Null()]),
  problem: Type.Union([Type.Object({ code: Type.String(), detail: Type.String() }), Type.Null()]),
  result: Type.Optional(ExplainResult),
})

/** The id in `/explain/jobs/{id}`. */
export const JobAddress = Type.Object({
  id: Type.String({ pattern: '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' }),
})

/** The body of `POST /explain/risk`: a patient or an encounter, and the end of the 48 hours when it is not now. */
export const RiskBody = Type.Object({
  patient: Type.Optional(Type.String({ pattern: `^(Patient/)?${resourceId}$` })),
  encounter: Type.Optional(Type.String({ pattern: `^(Encounter/)?${resourceId}$` })),
  at: Type.Optional(Type.String({ minLength: 20, maxLength: 40, pattern: '^[0-9]{4}-[0-9]{2}-[0-9]{2}T' })),
  store: Type.Optional(Type.Boolean()),
})

const BothLanguages = Type.Object({ en: Type.String(), zh: Type.String() })

/** The answer of `POST /explain/risk`. */
export const RiskAnswer = Type.Object({
  sentence: BothLanguages,
  risk: Type.Number(),
  base: Type.Number(),
  residual: Type.Number(),
  contributions: Type.Array(
    Type.Object({
      vital: Type.String(),
      name: BothLanguages,
      contribution: Type.Number(),
      latest: Type.Union([
        Type.Object({ value: Type.Number(), unit: Type.String(), at: Type.String(), reference: Type.String() }),
        Type.Null(),
      ]),
    }),
  ),
  limits: Type.Array(BothLanguages),
  method: Type.String(),
  model: Type.Object({ name: Type.String(), version: Type.Union([Type.String(), Type.Null()]) }),
  window: Type.Object({ start: Type.String(), end: Type.String() }),
  patient: Type.String(),
  encounter: Type.Union([Type.String(), Type.Null()]),
  left_out: Type.Record(Type.String(), Type.Integer()),
  risk_assessment: Type.Union([Type.String(), Type.Null()]),
  plots: Type.Object({ force: BothLanguages, waterfall: BothLanguages }),
})

/** No parameters. */
export const NoQuery = Type.Object({})
