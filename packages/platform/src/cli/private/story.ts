// The stories of encrypted computation, each party in a process of its own: a risk score, a cohort, a logistic regression.
import {
  aggregatePolicy,
  type CkksChoice,
  cohortStatistics,
  cohortSums,
  type ReleasePolicy,
  regressionChoice,
  release,
  sigmoid,
  tutorialChoice,
} from '@xinglin/core/ckks'
import { AppError } from '@xinglin/core/errors'
import { demandJson, type ServerAddress } from './client.ts'
import { openParty, type Party } from './party.ts'
import { secureUniform } from './secure-random.ts'

/** Where the stories play. */
export interface StoryPlace {
  readonly gatewayUrl: string
  /** Process id of the computing server, where it is known. */
  readonly serverPid: number | undefined
  /** A token of a party. */
  token(subject: string): Promise<string>
}

/** What was seen. */
export interface StoryEnd {
  readonly title: string
  readonly seen: string
}

interface JobAnswer {
  readonly id: string
  readonly state: string
  readonly error?: { readonly detail: string }
  readonly results: readonly { readonly id: string; readonly sizeBytes: number }[]
  readonly approximations: readonly { readonly degree: number; readonly maxError: number }[]
}

const kib = (bytes: number | undefined): string => `${Math.round((bytes ?? 0) / 1024)} KiB`

async function compute(institute: ServerAddress, contextId: string, job: object): Promise<JobAnswer> {
  const path = `contexts/${contextId}/jobs`
  const { id } = await demandJson<JobAnswer>(institute, path, { method: 'POST', json: job })
  let answer = await demandJson<JobAnswer>(institute, `jobs/${id}?wait=20`)
  for (let turn = 0; turn < 6 && (answer.state === 'queued' || answer.state === 'running'); turn += 1) {
    answer = await demandJson<JobAnswer>(institute, `jobs/${id}?wait=20`)
  }
  if (answer.state === 'done') return answer
  throw new AppError(
    'unprocessable',
    `The computation is ${answer.state}: ${answer.error?.detail ?? 'no reason given'}`,
  )
}

interface Cast {
  readonly owner: Party
  readonly ownerAt: ServerAddress
  readonly institute: ServerAddress
  server(subject: string): Promise<ServerAddress>
  party(name: string): Party
}

async function withCast<T>(place: StoryPlace, play: (cast: Cast) => Promise<T>): Promise<T> {
  const parties: Party[] = []
  const party = (name: string): Party => {
    const opened = openParty(name)
    parties.push(opened)
    return opened
  }
  const server = async (subject: string): Promise<ServerAddress> => ({
    gatewayUrl: place.gatewayUrl,
    token: await place.token(subject),
  })
  try {
    const [ownerAt, institute] = await Promise.all([server('key-owner'), server('institute')])
    return await play({ owner: party('key owner'), ownerAt, institute, server, party })
  } finally {
    await Promise.all(parties.map((one) => one.close()))
  }
}

async function publish(cast: Cast, choice: CkksChoice, rotations: readonly number[], query: string) {
  const { owner, ownerAt } = cast
  const published = await owner.ask({ kind: 'publish', server: ownerAt, choice, rotations, query })
  if (published.contextId === undefined) throw new Error('The key owner has no context')
  return { ...published, contextId: published.contextId }
}

async function open(cast: Cast, contextId: string, job: JobAnswer): Promise<readonly number[]> {
  const { owner, ownerAt } = cast
  const answer = await owner.ask({ kind: 'open', server: ownerAt, contextId, vectorId: job.results[0]?.id ?? '' })
  if (answer.serverHasSecretKey !== false) throw new Error('The server holds a secret key')
  return answer.values ?? []
}

/** An age of 35 becomes the score 27.50 on a server that sees neither. */
export function playRiskScore(place: StoryPlace, age = 35): Promise<StoryEnd> {
  return withCast(place, async (cast) => {
    const { contextId, publicBytes, refusedWith } = await publish(cast, tutorialChoice, [], '?label=Risk%20score')
    const hospital = cast.party('data owner')
    const server = await cast.server('hospital-b')
    const sent = await hospital.ask({ kind: 'contribute', server, contextId, vectors: [[age]] })
    const job = await compute(cast.institute, contextId, {
      label: 'Risk score = age · 0.5 + 10',
      inputs: { age: sent.vectorIds?.[0] },
      steps: [
        { op: 'multiply-plain', of: 'age', values: 0.5, as: 'half' },
        { op: 'add-plain', of: 'half', values: 10, as: 'score' },
      ],
      outputs: ['score'],
    })
    const [score = Number.NaN] = await open(cast, contextId, job)
    if (Math.abs(score - (age * 0.5 + 10)) > 1e-4) throw new Error(`The score is ${score}`)
    const pids = `processes: key owner ${cast.owner.pid}, data owner ${hospital.pid}, server ${place.serverPid ?? 'elsewhere'}`
    return {
      title: `the risk score of an encrypted age (${pids})`,
      seen: `Original Age: ${age}, Decrypted Risk Score: ${score.toFixed(2)}; 8 bytes became ${kib(sent.vectorBytes)}, public context ${kib(publicBytes)}; the server keeps no secret key and refused one with ${refusedWith}`,
    }
  })
}

const pressures = [
  [128, 141, 119, 133, 150],
  [122, 137, 145, 128],
  [131, 126, 139, 152, 118, 144],
]
// Flooding far above the error of CKKS (1e-7 here) and far below what a mean of blood pressures is read for.
const policy: ReleasePolicy = { ...aggregatePolicy, decimals: 1, noise: 0.005 }

/** Three hospitals learn their common mean; nobody learns a hospital's own. */
export function playCohort(place: StoryPlace): Promise<StoryEnd> {
  return withCast(place, async (cast) => {
    const { contextId } = await publish(cast, tutorialChoice, [], '?label=Cohort&minContributors=3')
    const sent = await Promise.all(
      pressures.map(async (values, index) => {
        const server = await cast.server(`hospital-${index + 1}`)
        const party = cast.party(`hospital ${index + 1}`)
        const answer = await party.ask({ kind: 'contribute', server, contextId, vectors: [[...cohortSums(values)]] })
        return answer.vectorIds?.[0]
      }),
    )
    const names = sent.map((_id, index) => `h${index + 1}`)
    const job = await compute(cast.institute, contextId, {
      label: 'Mean systolic blood pressure',
      inputs: Object.fromEntries(names.map((name, index) => [name, sent[index]])),
      steps: [{ op: 'total', of: names, as: 'total' }],
      outputs: ['total'],
    })
    const { count, mean, standardDeviation } = cohortStatistics(await open(cast, contextId, job))
    const all = pressures.flat()
    const plain = all.reduce((sum, value) => sum + value, 0) / all.length
    if (count !== all.length || Math.abs(mean - plain) > 1e-3) throw new Error(`The mean of ${count} is ${mean}`)
    const told = release([mean, standardDeviation], count, policy, secureUniform)
    return {
      title: 'three hospitals add up what none shows the others',
      seen: `${count} people, mean ${told[0]} mmHg, standard deviation ${told[1]} (flooded and rounded before it is told)`,
    }
  })
}

// An invented model on standardised features; it shows the computation and predicts nothing about anybody.
const model = { weights: [0.9, 0.6, -0.4, 0.7], intercept: -1.2 }
const patients = [
  [1.1, 0.4, -0.3, 0.8],
  [-0.6, -1.2, 0.9, -0.5],
  [0.2, 1.5, -1.1, 1.4],
  [-1.4, 0.1, 0.6, -0.9],
]

/** Many patients' risks by an encrypted logistic regression, one ciphertext for each feature. */
export function playRegression(place: StoryPlace): Promise<StoryEnd> {
  return withCast(place, async (cast) => {
    const { contextId } = await publish(cast, regressionChoice, [], '?label=Logistic%20regression')
    const hospital = cast.party('data owner')
    const server = await cast.server('hospital-b')
    const columns = model.weights.map((_weight, feature) => patients.map((one) => one[feature] ?? 0))
    const sent = await hospital.ask({ kind: 'contribute', server, contextId, vectors: columns })
    const names = columns.map((_column, feature) => `x${feature}`)
    const job = await compute(cast.institute, contextId, {
      label: 'Logistic regression',
      inputs: Object.fromEntries(names.map((name, index) => [name, sent.vectorIds?.[index]])),
      steps: [{ op: 'logistic', of: names, ...model, range: 6, as: 'risk' }],
      outputs: ['risk'],
    })
    const risks = await open(cast, contextId, job)
    const plain = patients.map((one) =>
      sigmoid(one.reduce((sum, value, at) => sum + value * (model.weights[at] ?? 0), model.intercept)),
    )
    const error = Math.max(...plain.map((value, index) => Math.abs(value - (risks[index] ?? Number.NaN))))
    const promised = job.approximations[0]?.maxError ?? 0
    if (!(error <= promised + 1e-4)) throw new Error(`The risks are off by ${error}, ${promised} was promised`)
    return {
      title: 'risks of many patients by a logistic regression on encrypted features',
      seen: `${risks.map((risk) => risk.toFixed(3)).join(', ')}; off the plain model by at most ${error.toFixed(4)} (promised ${promised.toFixed(4)}). Decision support only`,
    }
  })
}
